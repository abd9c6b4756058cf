package main

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFetchCatalogue(t *testing.T) {
	names := map[string]bool{}
	for _, s := range catalogue {
		if names[s.name] || s.name != strings.ToLower(s.name) || s.name == "list" {
			t.Errorf("the name %q is taken or cannot be", s.name)
		}
		names[s.name] = true
		if s.what == "" || s.licence == "" || s.cite == "" {
			t.Errorf("%s says too little of itself", s.name)
		}
		files := map[string]bool{}
		for _, file := range s.files {
			u, err := url.Parse(file.address)
			if err != nil || u.Scheme != "https" || u.Host == "" || path.Base(u.Path) != file.name() {
				t.Errorf("%s: address %q (%v)", s.name, file.address, err)
			}
			sum, err := hex.DecodeString(file.sum.hex)
			if h := file.sum.new(); err != nil || len(sum) != h.Size() || file.sum.hex != strings.ToLower(file.sum.hex) {
				t.Errorf("%s: %s is no checksum: %v", file.name(), file.sum, err)
			}
			if files[file.name()] || strings.HasSuffix(file.name(), partSuffix) {
				t.Errorf("%s: two files are called %s", s.name, file.name())
			}
			files[file.name()] = true
		}
		// What reads it is a whole command, which lacks nothing but the files.
		var words []string
		for _, a := range s.use {
			words = append(words, strings.ReplaceAll(a, "DIR/", filepath.Join(t.TempDir(), "none")+"/"))
		}
		if code, _, errs := ventral(t, words...); code != exitFailed || !strings.Contains(errs, "none") {
			t.Errorf("%s: ventral %q: exit code %d: %s", s.name, words, code, errs)
		}
		// It names its files.
		for _, word := range strings.FieldsFunc(command(s, "DIR"), func(r rune) bool { return strings.ContainsRune(" ,=:", r) }) {
			if name, ok := strings.CutPrefix(word, "DIR/"); ok && name != "" && !files[name] {
				t.Errorf("%s is read from %s, which is not fetched", s.name, name)
			}
		}
	}
}

func TestFetchList(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("VENTRAL_CACHE", cache)
	_, shown, errs := ventral(t, "fetch")
	code, listed, _ := ventral(t, "fetch", "list")
	if code != exitOK || listed != shown || errs != "" {
		t.Errorf("exit code %d; fetch and fetch list say\n%s\n%s%s", code, shown, listed, errs)
	}
	for _, s := range catalogue {
		for _, want := range []string{s.name, s.what, s.licence, s.cite} {
			if !strings.Contains(listed, want) {
				t.Errorf("the list lacks %q", want)
			}
		}
	}
	if strings.Contains(listed, "yes") || !strings.Contains(listed, cache) {
		t.Errorf("an empty cache in %s has\n%s", cache, listed)
	}
	if entries, err := os.ReadDir(cache); err != nil || len(entries) > 0 {
		t.Errorf("the list wrote %v, %v", entries, err)
	}

	// By name and length alone: a whole CIFAR-10, a half of Majaj and Hong's.
	sparse := func(bytes int64, elem ...string) {
		t.Helper()
		name := filepath.Join(append([]string{cache}, elem...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, bytes); err != nil {
			t.Fatal(err)
		}
	}
	sparse(170052171, "cifar10", "cifar-10-binary.tar.gz")
	sparse(5000, "majajhong2015", "stimulus_hvm-public.csv")
	sparse(70_000_000, "cifar100", "cifar-100-binary.tar.gz.part")
	_, listed, _ = ventral(t, "fetch", "list")
	for name, state := range map[string]string{"cifar10": "yes", "majajhong2015": "in part", "cifar100": "in part", "mnist": "no"} {
		line := listed[strings.Index(listed, name+" "):]
		if line, _, _ = strings.Cut(line, "\n"); !strings.HasSuffix(line, " "+state) {
			t.Errorf("%q, expected %s", line, state)
		}
	}
	code, plan, _ := ventral(t, "fetch", "--dry-run", "cifar10", "cifar100", "majajhong2015", "--mirror", "http://user:secret@mirror.example/data")
	for _, want := range []string{"nothing", "98.5 MB", "5.00 kB", "http://user:xxxxx@mirror.example/data/~kriz/cifar-10-binary.tar.gz", "To fetch: 98.5 MB, and 2 files of unknown size"} {
		if code != exitOK || !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %q:\n%s", want, plan)
		}
	}
}

func TestFetchWrongUsage(t *testing.T) {
	t.Setenv("VENTRAL_CACHE", t.TempDir())
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"cifar11"}, "cifar10, cifar100"},
		{[]string{"list", "cifar10"}, "list"},
		{[]string{"mnist", "mnist"}, "twice"},
		{[]string{"mnist", "--parallel", "0"}, "--parallel"},
		{[]string{"mnist", "--retries", "-1"}, "--retries"},
		{[]string{"mnist", "--stall", "0s"}, "--stall"},
		{[]string{"mnist", "--mirror", "mirror.example"}, "--mirror"},
		{[]string{"mnist", "--mirror", "ftp://mirror.example"}, "https://"},
	} {
		if code, out, errs := ventral(t, append([]string{"fetch"}, c.args...)...); code != exitUsage || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("fetch %v: exit code %d: %s%s", c.args, code, out, errs)
		}
	}
	t.Setenv("VENTRAL_MIRROR", "nonsense")
	if code, _, errs := ventral(t, "fetch", "mnist"); code != exitUsage || !strings.Contains(errs, "VENTRAL_MIRROR") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestFetchIntoNoFolder(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(cache, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := ventral(t, "fetch", "mnist", "--cache", cache, "--mirror", "http://127.0.0.1:1"); code != exitFailed || !strings.Contains(errs, "not a directory") || !strings.Contains(errs, "--cache") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// TestFetchOffline: the message says which host, and how to do without.
func TestFetchOffline(t *testing.T) {
	cache := t.TempDir()
	code, out, errs := ventral(t, "fetch", "mnist", "--cache", cache, "--mirror", "http://127.0.0.1:1")
	if code != exitFailed || out != "" {
		t.Errorf("exit code %d: %s", code, out)
	}
	for _, want := range []string{"no connection to 127.0.0.1:1", "--mirror", "HTTPS_PROXY", filepath.Join(cache, "mnist", "t10k-labels-idx1-ubyte.gz") + "  (md5 ec29112dd5afa0611ce80d1b7f02629c)"} {
		if !strings.Contains(errs, want) {
			t.Errorf("the error lacks %q:\n%s", want, errs)
		}
	}
	if n := strings.Count(errs, "no connection"); n != 1 {
		t.Errorf("the same fault is told %d times:\n%s", n, errs)
	}
	holds(t, filepath.Join(cache, "mnist", "t10k-labels-idx1-ubyte.gz"), nil, 0)

	brought := filepath.Join(cache, "cifar10", "cifar-10-binary.tar.gz")
	if err := os.MkdirAll(filepath.Dir(brought), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(brought, []byte("not it"), 0o666); err != nil {
		t.Fatal(err)
	}
	code, _, errs = ventral(t, "fetch", "cifar10", "--cache", cache, "--mirror", "http://127.0.0.1:1")
	if code != exitFailed || !strings.Contains(errs, md5Of([]byte("not it")).hex) {
		t.Errorf("a wrong file that was brought: exit code %d: %s", code, errs)
	}
}

// TestFetchSets fetches two sets from one server that lacks a file of the second.
func TestFetchSets(t *testing.T) {
	contents := map[string][]byte{"/a.bin": noise(1, 200_000), "/b.bin": noise(2, 100_000), "/c.bin": noise(3, 50_000)}
	together := make(chan struct{}, 2) // two files at a time, not more
	p := publish(t, "", func(_ int, w http.ResponseWriter, r *http.Request) {
		select {
		case together <- struct{}{}:
			defer func() { <-together }()
		default:
			t.Error("more than two files at a time")
		}
		time.Sleep(10 * time.Millisecond)
		if r.URL.Path == "/none.bin" {
			http.NotFound(w, r)
			return
		}
		serve(w, r, contents[r.URL.Path], `"1"`)
	})
	file := func(name string) publishedFile {
		return publishedFile{"https://publisher.example/" + name, int64(len(contents["/"+name])), md5Of(contents["/"+name])}
	}
	f := &fetchRun{downloader: impatient(), cache: t.TempDir(), parallel: 2}
	f.mirror, _ = url.Parse(p.URL)
	sets := []dataset{
		{name: "whole set", files: []publishedFile{file("a.bin"), file("b.bin")}, use: []string{"train", "--images", "x:DIR/a.bin"}},
		{name: "poor", files: []publishedFile{file("none.bin"), file("c.bin")}, use: []string{"train", "--images", "x:DIR/c.bin"}},
	}
	var out, errs strings.Builder
	say := &terminal{out: &out, err: &errs}
	err := f.fetch(t.Context(), say, sets)
	if err == nil || !strings.Contains(err.Error(), "poor/none.bin") || !strings.Contains(err.Error(), "404") {
		t.Errorf("the error is %v", err)
	}
	if got, want := out.String(), "whole set is in "+f.path(sets[0])+". It is read by\n  ventral train --images 'x:"+f.path(sets[0])+"/a.bin'\n"; got != want {
		t.Errorf("it says %q, expected %q", got, want)
	}
	if lines := strings.Split(strings.TrimSpace(errs.String()), "\n"); len(lines) != 3 {
		t.Errorf("the log has other lines than one for each file that came:\n%s", errs.String())
	}
	for _, name := range []string{"a.bin", "b.bin"} {
		if got, err := os.ReadFile(f.path(sets[0], name)); err != nil || string(got) != string(contents["/"+name]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	holds(t, f.path(sets[1], "c.bin"), contents["/c.bin"], 0)

	if ranges, _ := p.counts(); len(ranges) != 4 {
		t.Errorf("%d requests for four files", len(ranges))
	}
	errs.Reset() // the server is gone, and not needed
	if err := f.fetch(t.Context(), say, sets[:1]); err != nil || strings.Count(errs.String(), "in the cache") != 2 {
		t.Errorf("what is there is asked for again (%v):\n%s", err, errs.String())
	}
}

func TestFetchInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := publish(t, "", func(_ int, _ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	cache := t.TempDir()
	code, out, errs := ventralContext(ctx, "fetch", "mnist", "cifar10", "--cache", cache, "--mirror", p.URL)
	if code != exitInterrupted || out != "" || !strings.Contains(errs, "kept in "+cache) || !strings.Contains(errs, "goes on") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if ranges, _ := p.counts(); len(ranges) > 2 {
		t.Errorf("%d files were begun, expected two at most", len(ranges))
	}
}
