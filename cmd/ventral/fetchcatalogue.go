package main

// A dataset is something that others publish and that a verb reads.
type dataset struct {
	name, what    string
	licence, cite string
	files         []publishedFile
	use           []string // a command that reads it, as its arguments; DIR/ is its folder
}

// Where the addresses, lengths and checksums are from: CIFAR's are those of its
// authors' page, MNIST's of torchvision (datasets/mnist.py), Tiny ImageNet's
// those that the readers of many frameworks agree on; Brain-Score's addresses,
// versions and checksums are in brain-score/vision (data/majajhong2015 and
// data/freemanziemba2013, at c642dbe4), its naming of files in brain-score/core
// (supported_data_standards/brainio/s3.py). Brain-Score publishes no lengths.
const (
	krizhevsky = "https://www.cs.toronto.edu/~kriz/"
	mnistCopy  = "https://ossci-datasets.s3.amazonaws.com/mnist/"
	brainScore = "https://brainscore-storage.s3.amazonaws.com/brainio-brainscore/"
)

var catalogue = []dataset{
	{
		name:    "cifar10",
		what:    "60,000 colour images of 32×32 in 10 classes",
		licence: "none stated",
		cite:    "Krizhevsky 2009, Learning multiple layers of features from tiny images",
		files:   []publishedFile{{krizhevsky + "cifar-10-binary.tar.gz", 170052171, md5Sum("c32a1d4ab5d03f1284b67883e8d87530")}},
		use:     []string{"train", "--images", "cifar10:DIR/cifar-10-binary.tar.gz", "--out", "runs/cifar10"},
	},
	{
		name:    "cifar100",
		what:    "60,000 colour images of 32×32 in 100 classes",
		licence: "none stated",
		cite:    "Krizhevsky 2009, Learning multiple layers of features from tiny images",
		files:   []publishedFile{{krizhevsky + "cifar-100-binary.tar.gz", 168513733, md5Sum("03b5dce01913d631647c71ecec9e9cb8")}},
		use:     []string{"train", "--images", "cifar100:DIR/cifar-100-binary.tar.gz", "--out", "runs/cifar100"},
	},
	{
		name:    "mnist",
		what:    "70,000 grey images of 28×28, handwritten digits",
		licence: "CC BY-SA 3.0",
		cite:    "LeCun, Bottou, Bengio and Haffner 1998, Proc. IEEE 86:2278",
		files: []publishedFile{
			{mnistCopy + "train-images-idx3-ubyte.gz", 9912422, md5Sum("f68b3c2dcbeaaa9fbdd348bbdeb94873")},
			{mnistCopy + "train-labels-idx1-ubyte.gz", 28881, md5Sum("d53e105ee54ea40749a09fcbcd1e9432")},
			{mnistCopy + "t10k-images-idx3-ubyte.gz", 1648877, md5Sum("9fb629c4189551a2d022fa330f9573f3")},
			{mnistCopy + "t10k-labels-idx1-ubyte.gz", 4542, md5Sum("ec29112dd5afa0611ce80d1b7f02629c")},
		},
		use: []string{"train", "--images", "mnist:DIR/", "--out", "runs/mnist"},
	},
	{
		name:    "tinyimagenet",
		what:    "110,000 colour images of 64×64 in 200 classes",
		licence: "ImageNet's terms: research and teaching, not commerce",
		cite:    "Le and Yang 2015, Tiny ImageNet visual recognition challenge",
		files:   []publishedFile{{"https://cs231n.stanford.edu/tiny-imagenet-200.zip", 248100043, md5Sum("90528d7ca1a48142e341f4ef8d21d0de")}},
		use:     []string{"train", "--size", "64", "--images", "folder:DIR/tiny-imagenet-200.zip", "--out", "runs/tinyimagenet"},
	},
	{
		name:    "majajhong2015",
		what:    "macaque V4 and IT, 256 sites, 3,200 images (Brain-Score, public)",
		licence: "none stated",
		cite:    "Majaj, Hong, Solomon and DiCarlo 2015, J. Neurosci. 35:13402",
		files: []publishedFile{
			{brainScore + "assy_dicarlo_MajajHong2015_public.nc?versionId=null", 0, sha1Sum("13d28ca0ce88ee550b54db3004374ae19096e9b9")},
			{brainScore + "stimulus_hvm-public.csv?versionId=null", 0, sha1Sum("5ca7a3da00d8e9c694a9cd725df5ba0ad6d735af")},
			{brainScore + "stimulus_hvm-public.zip?versionId=null", 0, sha1Sum("8aa44e038d7b551efa8077467622f9d48d72e473")},
		},
		use: []string{"compare", "--images", "shapes", "--out", "runs/majajhong2015",
			"--recordings", "V4=DIR/assy_dicarlo_MajajHong2015_public.nc,IT=DIR/assy_dicarlo_MajajHong2015_public.nc",
			"--stimuli", "DIR/stimulus_hvm-public.zip:DIR/stimulus_hvm-public.csv", "--stratify", "object_name"},
	},
	{
		name:    "freemanziemba2013",
		what:    "macaque V1 and V2, 205 cells, 135 textures (Brain-Score, public; above 1 GB)",
		licence: "none stated",
		cite:    "Freeman, Ziemba, Heeger, Simoncelli and Movshon 2013, Nat. Neurosci. 16:974",
		files: []publishedFile{
			{brainScore + "assy_movshon_FreemanZiemba2013_public.nc?versionId=W2vx7jdh9utZdVumHHarXa4L1zOrA8Fd", 0, sha1Sum("761c08f796db4e342555cdb60eef23a4f19ead43")},
			{brainScore + "stimulus_FreemanZiemba2013_aperture-public.csv?versionId=null", 0, sha1Sum("194c9b301a4e3e9cff02481d4c19b39331d52660")},
			{brainScore + "stimulus_FreemanZiemba2013_aperture-public.zip?versionId=null", 0, sha1Sum("3a6fec1fc28c212882d6833e267ea8654d289611")},
		},
		use: []string{"compare", "--images", "shapes", "--out", "runs/freemanziemba2013",
			"--recordings", "V1=DIR/assy_movshon_FreemanZiemba2013_public.nc,V2=DIR/assy_movshon_FreemanZiemba2013_public.nc",
			"--stimuli", "DIR/stimulus_FreemanZiemba2013_aperture-public.zip:DIR/stimulus_FreemanZiemba2013_aperture-public.csv", "--stratify", "texture_type"},
	},
}
