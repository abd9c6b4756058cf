//go:build cgo

package hdf5

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The expected numbers were computed from the same files with h5py 3.7.0 and numpy 1.24.2 (sums in float64 with numpy.nansum).

func realFile(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("VENTRAL_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	name := filepath.Join(root, path)
	if _, err := os.Stat(name); err != nil {
		t.Skipf("no real data: %v (set VENTRAL_DATA to their folder)", err)
	}
	return name
}

// checkSum compares the sum and the number of missing values.
func checkSum(t *testing.T, d *Dataset, want float64, missing int) []float64 {
	t.Helper()
	x, err := d.Float64s(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	var nan int
	for _, v := range x {
		if math.IsNaN(v) {
			nan++
		} else {
			sum += v
		}
	}
	if math.Abs(sum-want) > 1e-9*math.Abs(want) || nan != missing {
		t.Errorf("%s: sum %v with %d missing, want %v with %d", d.Path(), sum, nan, want, missing)
	}
	return x
}

func TestMajaj(t *testing.T) {
	f := open(t, realFile(t, "it-v4-majaj2015-25images/test_data.nc"))
	names, err := f.Datasets()
	if err != nil || len(names) != 18 {
		t.Errorf("datasets %q %v", names, err)
	}
	for _, name := range names {
		dataset(t, f, name)
	}
	d := dataset(t, f, "dicarlo.Majaj2015")
	is(t, "shape", 296, 700, 1)(d.Shape(), nil)
	is(t, "dims", "neuroid", "presentation", "time_bin")(d.Dims(), nil)
	x := checkSum(t, d, 1643.766444301571, 0)
	if x[3*700+5] != 0.3525445759296417 || x[295*700+699] != -1.835506558418274 {
		t.Errorf("single responses %v, %v", x[3*700+5], x[295*700+699])
	}
	is(t, "one", -1.835506558418274)(d.Float64s([]int{295, 699, 0}, []int{1, 1, 1}))
	is(t, "neuroids", "Chabo_L_M_5_9", "Chabo_L_M_6_9")(dataset(t, f, "neuroid_id").Strings([]int{0}, []int{2}))
	images, err := dataset(t, f, "image_id").Strings(nil, nil)
	if err != nil || images[0] != "a533e519b553cdf360ae134f7c9f161134ddaf00" || images[699] != "2371c02dcd0b562d3dd7cfb13123f7d426cf4810" {
		t.Errorf("images %q %v", images, err)
	}
	is(t, "image dims", "presentation")(dataset(t, f, "image_id").Dims(), nil)
	is(t, "time", int64(70))(dataset(t, f, "time_bin_start").Int64s(nil, nil))
	region, err := dataset(t, f, "region").Strings(nil, nil)
	slices.Sort(region)
	if err != nil || !slices.Equal(slices.Compact(region), []string{"IT", "V4"}) {
		t.Errorf("regions %q %v", region, err)
	}
	if p := dataset(t, f, "time_bin"); !p.IsPlaceholder() {
		t.Error("time_bin is no placeholder")
	}
	if fill, ok, err := d.FillValue(); !ok || err != nil || !math.IsNaN(fill) {
		t.Errorf("fill value %v %v %v", fill, ok, err)
	}
}

func TestHenaff(t *testing.T) {
	f := open(t, realFile(t, "v1-henaff-ay3_u002/responses.h5"))
	d := dataset(t, f, "responses")
	is(t, "shape", 400, 50, 53)(d.Shape(), nil)
	is(t, "dims", "", "", "")(d.Dims(), nil)
	checkSum(t, d, 1488138, 74201)
	part, err := d.Float64s([]int{10, 0, 7}, []int{3, 50, 2})
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, v := range part {
		if !math.IsNaN(v) {
			sum += v
		}
	}
	if sum != 714 {
		t.Errorf("sum of a part %v, want 714", sum)
	}
	if text, ok, err := d.AttrString("dimensions"); text != "stimulus,repetition,neuroid" || !ok || err != nil {
		t.Errorf("dimensions %q %v %v", text, ok, err)
	}
	is(t, "stimuli", "zoom1x_movie01_natural_01", "zoom1x_movie01_natural_02")(dataset(t, f, "stimulus_id").Strings([]int{0}, []int{2}))
	is(t, "neuroids", "ay3_u002_unit052")(dataset(t, f, "neuroid_id").Strings([]int{52}, []int{1}))
}

func TestMATLAB(t *testing.T) {
	f := open(t, realFile(t, "v1-henaff-ay3_u002/ay3_u002_image_sequences.mat"))
	names, err := f.Datasets()
	if err != nil || len(names) != 590 {
		t.Errorf("%d datasets, want 590: %v", len(names), err)
	}
	d := dataset(t, f, "naturalStruct/sortedResponses")
	is(t, "shape", 50, 53, 11, 10, 3, 2)(d.Shape(), nil)
	checkSum(t, d, 1752617, 556168)
	if class, ok, err := d.AttrString("MATLAB_class"); class != "double" || !ok || err != nil {
		t.Errorf("MATLAB_class %q %v %v", class, ok, err)
	}
	is(t, "clusters", 1.0, 4, 5)(dataset(t, f, "naturalStruct/cluster_list").Float64s([]int{0, 0}, []int{3, 1}))
	is(t, "monkey", int64('a'), 'y', '3')(dataset(t, f, "naturalStruct/monkey_ID").Int64s(nil, nil))
	titles, err := dataset(t, f, "naturalStruct/movie_titles").References()
	if err != nil || len(titles) != 10 {
		t.Fatalf("titles %q %v", titles, err)
	}
	is(t, "the third title", []int64{'m', 'o', 'v', 'i', 'e', '0', '3', '-', 'd', 'o', 'g', 'v', 'i', 'l', 'l', 'e'}...)(dataset(t, f, titles[2]).Int64s(nil, nil))
}

func TestNetCDF(t *testing.T) {
	for _, c := range []struct {
		file, data string
		shape      []int
		dims       []string
		sum        float64
		missing    int
		texts      string
		first      []string
	}{
		{"alexnet-rgb-1000.nc", "__xarray_dataarray_variable__", []int{1, 2000}, []string{"stimulus_path", "neuroid"}, 53.99090804159641, 0,
			"layer", []string{"features.12", "features.12"}},
		{"assy_movshon_FreemanZiemba2013_V1_properties.nc", "movshon.FreemanZiemba2013_V1_properties", []int{102, 9},
			[]string{"neuroid", "neuronal_property"}, 9267.483275919634, 0,
			"neuronal_property_", []string{"texture_modulation_index", "absolute_texture_modulation_index"}},
		{"assy_schiller_Schiller1976c.nc", "schiller.Schiller1976c", []int{87, 2}, []string{"neuroid", "neuronal_property"}, 3426.134978167728, 14,
			"neuronal_property_", []string{"spatial_frequency_selective", "spatial_frequency_bandwidth"}},
	} {
		f := open(t, realFile(t, filepath.Join("netcdf", c.file)))
		d := dataset(t, f, c.data)
		is(t, c.file, c.shape...)(d.Shape(), nil)
		is(t, c.file, c.dims...)(d.Dims(), nil)
		checkSum(t, d, c.sum, c.missing)
		is(t, c.file, c.first...)(dataset(t, f, c.texts).Strings([]int{0}, []int{2}))
		is(t, c.file, int64(0), 1)(dataset(t, f, "neuroid_id").Int64s([]int{0}, []int{2}))
	}
}

func BenchmarkMajaj(b *testing.B) {
	name := realFile(b, "it-v4-majaj2015-25images/test_data.nc")
	for b.Loop() {
		f, err := Open(name)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := dataset(b, f, "dicarlo.Majaj2015").Float64s(nil, nil); err != nil {
			b.Fatal(err)
		}
		if _, err := dataset(b, f, "image_id").Strings(nil, nil); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
