package fit

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseSelect(t *testing.T) {
	for text, want := range map[string][]Condition{
		"region=IT":                        {{"region", "=", []string{"IT"}}},
		" region = IT , animal=Chabo|Tito": {{"region", "=", []string{"IT"}}, {"animal", "=", []string{"Chabo", "Tito"}}},
		"x>=-1.5,x<2":                      {{"x", ">=", []string{"-1.5"}}, {"x", "<", []string{"2"}}},
		"a<=1e3,b>0":                       {{"a", "<=", []string{"1e3"}}, {"b", ">", []string{"0"}}},
		`object_name!="salt, \"|" | car `:  {{"object_name", "!=", []string{`salt, "|`, "car"}}},
		`name=""`:                          {{"name", "=", []string{""}}},
	} {
		got, err := ParseSelect(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":             "no comparison",
		"region":       "no comparison",
		"region,a=1":   "no comparison (!= <= >= = < >)",
		"=IT":          "no coordinate",
		"region=":      "no value",
		"region=IT,":   "no comparison",
		"region=IT|":   "no value",
		"region==IT":   "a value with =IT, which must be in quotes",
		"x>low":        "x > needs one number",
		"x>1|2":        "x > needs one number",
		`a="b`:         "a quote that does not end",
		`a="b"c`:       "more behind a quoted value",
		"region!IT":    "no comparison",
		"time_bin=a<b": "must be in quotes",
	} {
		if got, err := ParseSelect(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, error %v, expected %q", text, got, err, want)
		}
	}
}

// What is read and written is read as the same.
func FuzzParseSelect(f *testing.F) {
	for _, text := range []string{"region=IT,animal=Chabo|Tito", "x>=70", `a!="b,c"|d`, "a==b", `a="`, `0="="`, ",", "a=\xff", "ä = \u00a0x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		conditions, err := ParseSelect(text)
		if err != nil {
			return
		}
		if again, err := ParseSelect(conditionWords(conditions)); err != nil || !reflect.DeepEqual(conditions, again) {
			t.Errorf("%q is %q, and written %s is %q, %v", text, conditions, conditionWords(conditions), again, err)
		}
	})
}

func TestSelectionByCoordinates(t *testing.T) {
	animal := newCells("animal", 1, []string{"Chabo", "Chabo", "Tito", "Magneto"})
	depth := newFloats("depth", 1, []float64{0.5, 1.5, 2.5, 70})
	id := newCells("neuroid_id", 1, []string{"p", "q", "r", "s"})
	read := func(text string) (*Assembly, error) {
		return tableOf("stimulus,neuroid", []int{2, 4}, counting(8), animal, depth, id).one(ReadOptions{Select: conditions(t, text)})
	}
	for text, want := range map[string]string{
		"animal=Chabo|Tito":           "pqr",
		"animal!=Chabo|Tito":          "s",
		"animal=Chabo,depth>1":        "q",
		"depth>=1.5,depth<=2.5":       "qr",
		"depth<1":                     "p",
		"depth=70.0|5e-1":             "ps",
		"animal=Chabo|Tito,depth!=.5": "qr",
	} {
		a, err := read(text)
		if err != nil || strings.Join(a.Neuroids, "") != want {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
	for text, want := range map[string]string{
		"animal=Chabo|Titus":         `no neuroid has the animal "Titus"; there are Chabo (2), Magneto (1), Tito (1)`,
		"animal!=Titus":              `no neuroid has the animal "Titus"`,
		"animal>3":                   "condition animal>3: animal is text, which can be selected by = and != only; there are Chabo (2)",
		"depth>70":                   "no neuroid has depth>70; there are 0.5 (1), 1.5 (1), 2.5 (1), 70 (1)",
		"monkey=Tito":                `there is no coordinate "monkey" to select by; there are animal, depth, neuroid_id`,
		"animal!=Chabo|Tito|Magneto": "no neuroid has all that is selected: animal!=Chabo|Tito|Magneto",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, expected %q", text, err, want)
		}
	}
	if _, err := tableOf("stimulus,neuroid", []int{2, 4}, counting(8), animal).one(ReadOptions{Select: []Condition{{Coordinate: "animal", Compare: "~"}}}); err == nil || !strings.Contains(err.Error(), "expected one of != <= >= = < >") {
		t.Errorf("no comparison: %v", err)
	}
}
