package fit_test

import (
	"fmt"

	"ventral/fit"
)

// Splits are scikit-learn's: ShuffleSplit(n_splits=2, train_size=.7, random_state=1).
func ExampleShuffleSplit() {
	splits, err := fit.ShuffleSplit{Splits: 2, Train: .7}.Split(10)
	for _, s := range splits {
		fmt.Println("train", s.Train, "test", s.Test)
	}
	fmt.Println(err)
	// Output:
	// train [4 0 3 1 7 8 5] test [2 9 6]
	// train [0 8 4 2 1 6 7] test [9 5 3]
	// <nil>
}

// The objects are on both sides of every split in the same proportions, as
// Brain-Score has it.
func ExampleStratifiedShuffleSplit() {
	objects := []string{"car", "car", "car", "car", "face", "face", "face", "face"}
	splits, err := fit.StratifiedShuffleSplit{Splits: 1, Train: .5, Labels: objects}.Split(len(objects))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range splits[0].Test {
		fmt.Print(objects[i], " ")
	}
	fmt.Println("are tested")
	// Output:
	// face face car car are tested
}

// Every stimulus is tested once.
func ExampleKFold() {
	splits, err := fit.KFold{Folds: 3}.Split(9)
	for _, s := range splits {
		fmt.Println("test", s.Test)
	}
	fmt.Println(err)
	// Output:
	// test [2 6 8]
	// test [0 1 7]
	// test [3 4 5]
	// <nil>
}

// Folds with the classes in the same proportions.
func ExampleStratifiedKFold() {
	objects := []string{"car", "car", "car", "car", "face", "face"}
	splits, err := fit.StratifiedKFold{Folds: 2, Labels: objects}.Split(len(objects))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range splits {
		cars := 0
		for _, i := range s.Test {
			if objects[i] == "car" {
				cars++
			}
		}
		fmt.Println(cars, "cars of", len(s.Test))
	}
	// Output:
	// 2 cars of 3
	// 2 cars of 3
}

// Movies stay together: the largest goes to the fold that has least.
func ExampleGroupKFold() {
	movies := []string{"a", "b", "b", "b", "c", "c"}
	splits, err := fit.GroupKFold{Folds: 2, Groups: movies}.Split(len(movies))
	for _, s := range splits {
		fmt.Println("test", s.Test)
	}
	fmt.Println(err)
	// Output:
	// test [1 2 3]
	// test [0 4 5]
	// <nil>
}
