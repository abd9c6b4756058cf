package fit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Condition selects the entries of an axis by a coordinate along it.
type Condition struct {
	Coordinate string
	Compare    string // "=" ("" is the same), "!=", "<", "<=", ">" or ">="
	// Values are alternatives for =, none of which may hold for !=; the others
	// compare with one number.
	Values []string
}

// comparisons, the longer ones before those that they begin with.
var comparisons = []string{"!=", "<=", ">=", "=", "<", ">"}

// String writes the condition as ParseSelect reads it.
func (c Condition) String() string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		if values[i] = v; v == "" || strings.ContainsAny(v, `,|"=<>`) || v != strings.TrimSpace(v) || strconv.Quote(v) != `"`+v+`"` {
			values[i] = strconv.Quote(v)
		}
	}
	return c.Coordinate + c.compare() + strings.Join(values, "|")
}

func (c Condition) compare() string {
	if c.Compare == "" {
		return "="
	}
	return c.Compare
}

// ParseSelect reads conditions:
//
//	region=IT,animal=Chabo|Tito     both must hold; | stands between alternatives
//	object_name!=car|plane          neither of them
//	time_bin_start>=70,x<1.5        numbers; also <= and >
//	object_name="salt, pepper"      in quotes (Go's) where a value has , or |
//
// Blanks around names and values do not count. An error points at what is no
// condition.
func ParseSelect(text string) ([]Condition, error) {
	fail := func(rest, format string, args ...any) ([]Condition, error) {
		return nil, fmt.Errorf("selection %q: %s at %q; expected conditions like region=IT,animal=Chabo|Tito,x>=1.5", text, fmt.Sprintf(format, args...), rest)
	}
	var conditions []Condition
	for rest := text; ; {
		at := strings.IndexAny(rest, "!=<>,|")
		if at < 0 {
			return fail(rest, "no comparison")
		}
		c := Condition{Coordinate: strings.TrimSpace(rest[:at])}
		if c.Coordinate == "" {
			return fail(rest, "no coordinate")
		}
		for _, compare := range comparisons {
			if c.Compare == "" && strings.HasPrefix(rest[at:], compare) {
				c.Compare = compare
			}
		}
		if c.Compare == "" {
			return fail(rest[at:], "no comparison (%s)", strings.Join(comparisons, " "))
		}
		rest = rest[at+len(c.Compare):]
		for more := true; more; {
			value, after, err := selectValue(rest)
			if err != nil {
				return fail(rest, "%v", err)
			}
			c.Values = append(c.Values, value)
			if more = strings.HasPrefix(after, "|"); more {
				after = after[1:]
			}
			rest = after
		}
		if c.numeric() {
			if _, err := strconv.ParseFloat(c.Values[0], 64); err != nil || len(c.Values) > 1 {
				return fail(strings.Join(c.Values, "|"), "%s %s needs one number", c.Coordinate, c.Compare)
			}
		}
		conditions = append(conditions, c)
		if rest == "" {
			return conditions, nil
		}
		rest = rest[1:] // the comma
	}
}

// selectValue reads a value up to a comma, a | or the end, where after begins.
func selectValue(text string) (value, after string, err error) {
	text = strings.TrimLeft(text, " \t")
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf("a quote that does not end")
		}
		after = strings.TrimLeft(text[len(quoted):], " \t")
		if after != "" && after[0] != ',' && after[0] != '|' {
			return "", "", fmt.Errorf("more behind a quoted value")
		}
		value, err = strconv.Unquote(quoted)
		return value, after, err
	}
	end := strings.IndexAny(text, ",|")
	if end < 0 {
		end = len(text)
	}
	value = strings.TrimSpace(text[:end])
	switch {
	case value == "":
		return "", "", fmt.Errorf("no value")
	case strings.ContainsAny(value, `=<>"`):
		return "", "", fmt.Errorf("a value with %s, which must be in quotes,", value)
	}
	return value, text[end:], nil
}

// numeric tells whether the condition compares sizes.
func (c Condition) numeric() bool { return strings.ContainsAny(c.compare(), "<>") }

// entries says which entries of a coordinate meet the condition. A value that no
// entry has is an error that lists those that there are.
func (c Condition) entries(along coordinate, axis string) ([]bool, error) {
	if !slices.Contains(comparisons, c.compare()) || len(c.Values) == 0 {
		return nil, fmt.Errorf("condition %v: expected one of %s and a value", c, strings.Join(comparisons, " "))
	}
	met := make([]bool, len(along.values))
	if c.numeric() {
		limit, err := strconv.ParseFloat(c.Values[0], 64)
		switch {
		case err != nil || len(c.Values) > 1:
			return nil, fmt.Errorf("condition %v: expected one number", c)
		case along.numbers == nil:
			return nil, fmt.Errorf("condition %v: %s is text, which can be selected by = and != only; there are %s", c, along.name, counted(along.values))
		}
		for i, v := range along.numbers {
			switch c.Compare {
			case "<":
				met[i] = v < limit
			case "<=":
				met[i] = v <= limit
			case ">":
				met[i] = v > limit
			case ">=":
				met[i] = v >= limit
			}
		}
		if !slices.Contains(met, true) {
			return nil, fmt.Errorf("no %s has %v; there are %s", axis, c, along.counted())
		}
		return met, nil
	}
	for _, value := range c.Values {
		found := false
		for i := range met {
			if along.is(i, value) {
				met[i], found = true, true
			}
		}
		if !found {
			known, _ := along.distinct()
			return nil, unknown(value, known, "no %s has the %s %q; there are %s", axis, c.Coordinate, value, along.counted())
		}
	}
	if c.compare() == "!=" {
		for i := range met {
			met[i] = !met[i]
		}
	}
	return met, nil
}

// selection says which entries of each axis the options ask for, and names the
// region.
func (t *table) selection(o ReadOptions) (keep [][]bool, region string, err error) {
	for _, n := range t.shape {
		keep = append(keep, slices.Repeat([]bool{true}, n))
	}
	conditions := slices.Clone(o.Select)
	regions, known := t.coordinate("region")
	switch {
	case o.Region != "" && known:
		conditions = append(conditions, Condition{Coordinate: "region", Values: []string{o.Region}})
	case o.Region != "":
		t.note("the file names no regions: all its neuroids are taken as %s", o.Region)
		region = o.Region
	}
	for _, c := range conditions {
		along, ok := t.coordinate(c.Coordinate)
		if !ok {
			return nil, "", unknown(c.Coordinate, t.coordinateNames(), "there is no coordinate %q to select by; there are %s", c.Coordinate, listed(t.coordinateNames()))
		}
		met, err := c.entries(along, t.axes[along.axis])
		if err != nil {
			return nil, "", err
		}
		for i, yes := range met {
			keep[along.axis][i] = keep[along.axis][i] && yes
		}
	}
	for i, k := range keep {
		if !slices.Contains(k, true) {
			return nil, "", fmt.Errorf("no %s has all that is selected: %s", t.axes[i], conditionWords(conditions))
		}
	}
	if known {
		var taken []string
		for i, v := range regions.values {
			if keep[regions.axis][i] {
				taken = append(taken, v)
			}
		}
		if names, _ := classes(taken); len(names) == 1 {
			region = names[0]
		} else {
			t.note("neuroids of several regions are taken together: %s", counted(taken))
		}
	}
	return keep, region, nil
}

func conditionWords(conditions []Condition) string {
	words := make([]string, len(conditions))
	for i, c := range conditions {
		words[i] = c.String()
	}
	return strings.Join(words, ", ")
}
