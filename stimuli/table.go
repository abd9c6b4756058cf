package stimuli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// A Table is what a CSV file says of stimuli: one row per stimulus, with a
// column stimulus_id (image_id in older files) and any others.
type Table struct {
	Columns []string
	Rows    [][]string // n_stimuli × len(Columns)

	// Unlisted names the images that were found with the table but that no
	// row names; they are not in the Set.
	Unlisted []string

	lines []int // line of each row in the file
}

// Column returns the values of a column, one per row. The column stimulus_id
// is also found under its older name, image_id.
func (t *Table) Column(name string) ([]string, bool) {
	c := slices.Index(t.Columns, name)
	if c < 0 && name == "stimulus_id" {
		c = slices.Index(t.Columns, "image_id")
	}
	if c < 0 {
		return nil, false
	}
	values := make([]string, len(t.Rows))
	for i, row := range t.Rows {
		values[i] = row[c]
	}
	return values, true
}

// keep keeps the rows at the given indices, in their order.
func (t *Table) keep(rows []int) {
	if len(rows) == len(t.Rows) {
		return
	}
	for to, from := range rows {
		t.Rows[to] = t.Rows[from]
		if t.lines != nil {
			t.lines[to] = t.lines[from]
		}
	}
	t.Rows, t.lines = t.Rows[:len(rows)], t.lines[:min(len(rows), len(t.lines))]
}

// ReadTable reads a CSV file with a header row. Errors name the file and the
// line: a row of another length than the header, a quote that does not close,
// no column stimulus_id or image_id, an id that is empty or comes twice, two
// columns of one name, no rows.
func ReadTable(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := readTable(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func readTable(r io.Reader) (*Table, error) {
	reader := csv.NewReader(r)
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the table is empty; expected a header row with stimulus_id")
	}
	if err != nil {
		return nil, err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // byte order mark
	t := &Table{Columns: header}
	for i, name := range header {
		if name != "" && slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("line 1: two columns %q", name)
		}
	}
	id := slices.Index(header, "stimulus_id")
	if id < 0 {
		id = slices.Index(header, "image_id")
	}
	if id < 0 {
		return nil, fmt.Errorf("line 1: no column stimulus_id (or image_id) among %q", header)
	}

	seen := map[string]int{} // line of each id
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, csv.ErrFieldCount) {
			line, _ := reader.FieldPos(0)
			return nil, fmt.Errorf("line %d: %d fields, expected the header's %d", line, len(row), len(header))
		}
		if err != nil {
			return nil, err
		}
		line, column := reader.FieldPos(id)
		if row[id] == "" {
			return nil, fmt.Errorf("line %d, column %d: the %s is empty", line, column, header[id])
		}
		if first, ok := seen[row[id]]; ok {
			return nil, fmt.Errorf("line %d, column %d: the %s %q comes twice, first on line %d", line, column, header[id], row[id], first)
		}
		seen[row[id]] = line
		t.Rows = append(t.Rows, row)
		t.lines = append(t.lines, line)
	}
	if len(t.Rows) == 0 {
		return nil, errors.New("the table has a header but no rows")
	}
	return t, nil
}
