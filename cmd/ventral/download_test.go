package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A publisher is a server of one file that counts what it is asked for and what
// it sends.
type publisher struct {
	*httptest.Server
	part   string // where half waits for what it sent; "": it does not
	mu     sync.Mutex
	ranges []string // of the requests, "" for the whole
	sent   int      // bytes of bodies
}

// publish serves by answer, which is given the number of the request from 1.
func publish(t *testing.T, part string, answer func(call int, w http.ResponseWriter, r *http.Request)) *publisher {
	p := &publisher{part: part}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.ranges = append(p.ranges, r.Header.Get("Range"))
		call := len(p.ranges)
		p.mu.Unlock()
		answer(call, &countingWriter{w, p}, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// counts ends the service, and returns the ranges that were asked for and the
// bytes that were sent.
func (p *publisher) counts() (ranges []string, sent int) {
	p.Close() // waits for the answers under way
	return p.ranges, p.sent
}

type countingWriter struct {
	http.ResponseWriter
	p *publisher
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.p.mu.Lock()
	c.p.sent += n
	c.p.mu.Unlock()
	return n, err
}

func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// serve is a server as it should be: it knows parts and versions.
func serve(w http.ResponseWriter, r *http.Request, content []byte, tag string) {
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
}

// half sends the first half of content as if all of it came, and returns when it
// has arrived.
func half(w http.ResponseWriter, content []byte, tag string) {
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Write(content[:len(content)/2])
	http.NewResponseController(w).Flush()
	for part := w.(*countingWriter).p.part; part != ""; time.Sleep(time.Millisecond) {
		if n, _ := size(part); n == int64(len(content)/2) {
			return
		}
	}
}

func breakOff() { panic(http.ErrAbortHandler) }

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	source := rand.NewPCG(seed, 0)
	for i := range b {
		b[i] = byte(source.Uint64())
	}
	return b
}

func md5Of(content []byte) checksum {
	sum := md5.Sum(content)
	return md5Sum(hex.EncodeToString(sum[:]))
}

// impatient is a downloader for tests: it waits little between tries.
func impatient() *downloader {
	d := newDownloader()
	d.retries, d.stall, d.pause = 3, time.Minute, time.Millisecond
	return d
}

// holds checks that the folder of name holds the file with this content, or with
// nil not, and a part of so many bytes.
func holds(t *testing.T, name string, content []byte, part int) {
	t.Helper()
	got, err := os.ReadFile(name)
	if content == nil && !errors.Is(err, os.ErrNotExist) || content != nil && string(got) != string(content) {
		t.Errorf("the file has %d bytes (%v), expected the published %d", len(got), err, len(content))
	}
	got, err = os.ReadFile(name + partSuffix)
	if part == 0 && !errors.Is(err, os.ErrNotExist) || len(got) != part {
		t.Errorf("the part has %d bytes (%v), expected %d", len(got), err, part)
	}
	if part > 0 {
		return
	}
	if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || content == nil && len(entries) > 0 || len(entries) > 1 {
		t.Errorf("more is left than the file: %v, %v", entries, err)
	}
}

func TestFetchFromServersThatFail(t *testing.T) {
	content, other := noise(1, 300_001), noise(2, 300_001)
	const n = 300_001
	rest := fmt.Sprintf("bytes=%d-", n/2)
	type handler = func(call int, w http.ResponseWriter, r *http.Request)
	for _, c := range []struct {
		name    string
		answer  handler
		unknown bool     // the length is not published
		fault   []string // in the error; nil: it succeeds
		ranges  []string // of the requests
		sent    int      // bytes
		part    int      // bytes that are kept after a failure
	}{
		{"as it should be", func(_ int, w http.ResponseWriter, r *http.Request) { serve(w, r, content, `"1"`) }, false, nil, []string{""}, n, 0},
		{"length unknown", func(_ int, w http.ResponseWriter, r *http.Request) { serve(w, r, content, `"1"`) }, true, nil, []string{""}, n, 0},
		{"chunked, length unknown", func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Write(content[:n/3])
			http.NewResponseController(w).Flush()
			w.Write(content[n/3:])
		}, true, nil, []string{""}, n, 0},
		{"breaks off", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, content, `"1"`)
				breakOff()
			}
			if r.Header.Get("If-Range") != `"1"` {
				t.Errorf("If-Range is %q, expected the ETag", r.Header.Get("If-Range"))
			}
			serve(w, r, content, `"1"`)
		}, false, nil, []string{"", rest}, n, 0},
		{"stalls", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, content, `"1"`)
				<-r.Context().Done()
				return
			}
			serve(w, r, content, `"1"`)
		}, false, nil, []string{"", rest}, n, 0},
		{"does not answer at first", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				<-r.Context().Done()
				return
			}
			serve(w, r, content, `"1"`)
		}, false, nil, []string{"", ""}, n, 0},
		{"stalls for ever", func(_ int, w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, []string{"no byte", "50ms", "4 tries"}, []string{"", "", "", ""}, 0, 0},
		{"chunked and truncated", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				w.Write(content[:n/2])
				return
			}
			serve(w, r, content, "")
		}, false, nil, []string{"", rest}, n, 0},
		{"says more than it sends", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, content, `"1"`)
				return
			}
			serve(w, r, content, `"1"`)
		}, false, nil, []string{"", rest}, n, 0},
		{"says more than it sends, for ever", func(call int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", fmt.Sprint(n))
			if call == 1 {
				half(w, content, "")
			}
		}, false, []string{"broke", "4 tries"}, []string{"", rest, "", ""}, n / 2, 0},
		{"ignores Range", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, content, `"1"`)
				breakOff()
			}
			w.Header().Set("ETag", `"1"`)
			w.Write(content)
		}, false, nil, []string{"", rest}, n/2 + n, 0},
		{"changes the file", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, other, `"1"`)
				breakOff()
			}
			serve(w, r, content, `"2"`)
		}, false, nil, []string{"", rest}, n/2 + n, 0},
		{"changes the file and ignores If-Range", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, other, `"1"`)
				breakOff()
			}
			r.Header.Del("If-Range")
			serve(w, r, content, `"2"`)
		}, false, nil, []string{"", rest, ""}, -1, 0},
		{"changes the file and names no version", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, other, "")
				breakOff()
			}
			serve(w, r, content, "")
		}, false, nil, []string{"", rest, ""}, n/2 + n - n/2 + n, 0},
		{"sends another part", func(call int, w http.ResponseWriter, r *http.Request) {
			if call == 1 {
				half(w, content, `"1"`)
				breakOff()
			}
			if r.Header.Get("Range") != "" {
				r.Header.Set("Range", "bytes=7-")
			}
			serve(w, r, content, `"1"`)
		}, false, nil, []string{"", rest, ""}, -1, 0},
		{"fails twice", func(call int, w http.ResponseWriter, r *http.Request) {
			if call <= 2 {
				w.WriteHeader(500 + call)
				return
			}
			serve(w, r, content, `"1"`)
		}, false, nil, []string{"", "", ""}, n, 0},
		{"fails for ever", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, false, []string{"503", "4 tries"}, []string{"", "", "", ""}, 0, 0},
		{"has no such file", func(_ int, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, false, []string{"404", "/file.bin"}, []string{""}, 19, 0},
		{"garbage", func(_ int, w http.ResponseWriter, r *http.Request) { serve(w, r, other, `"1"`) }, false, []string{md5Of(content).hex, md5Of(other).hex}, []string{""}, n, 0},
		{"another length", func(_ int, w http.ResponseWriter, r *http.Request) { serve(w, r, other[:n-1], `"1"`) }, false, []string{"300000", "300001"}, []string{""}, -1, 0},
		{"a web page", func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<html>Please log in</html>")
		}, true, []string{"web page", "login"}, []string{""}, -1, 0},
		{"leads in circles", func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, false, []string{"five redirections"}, []string{"", "", "", "", "", ""}, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "file.bin")
			p := publish(t, name+partSuffix, c.answer)
			file := publishedFile{p.URL + "/file.bin", n, md5Of(content)}
			if c.unknown {
				file.bytes = 0
			}
			d := impatient()
			switch c.name {
			case "stalls", "does not answer at first":
				d.stall = time.Second // more than a busy machine stands still
			case "stalls for ever":
				d.stall = 50 * time.Millisecond
			}
			did, err := d.get(t.Context(), file, name, nil)
			d.client.CloseIdleConnections()
			if ranges, sent := p.counts(); !slices.Equal(ranges, c.ranges) || c.sent >= 0 && sent != c.sent {
				t.Errorf("asked for %q and got %d bytes, expected %q and %d", ranges, sent, c.ranges, c.sent)
			}
			if c.fault == nil {
				if err != nil || did.present || did.bytes != n {
					t.Errorf("%+v, %v", did, err)
				}
				holds(t, name, content, 0)
				return
			}
			if err == nil || !errors.As(err, new(remoteError)) {
				t.Fatalf("the error is %v, expected one of the network", err)
			}
			for _, want := range c.fault {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q lacks %q", err, want)
				}
			}
			holds(t, name, nil, c.part)
		})
	}
}

func TestFetchGoesOnFromAnEarlierTime(t *testing.T) {
	content, other := noise(1, 300_001), noise(2, 300_001)
	const n, k = 300_001, 123_456
	rest := fmt.Sprintf("bytes=%d-", k)
	for _, c := range []struct {
		name        string
		there, part []byte
		tag         string // remembered
		unknown     bool
		ranges      []string
		sent        int
		did         received
	}{
		{"a part", nil, content[:k], `"1"`, false, []string{rest}, n - k, received{bytes: n, kept: k}},
		{"a part of no version", nil, content[:k], "", false, []string{rest}, n - k, received{bytes: n, kept: k}},
		{"a part of another version", nil, other[:k], `"0"`, false, []string{rest}, n, received{bytes: n}},
		{"a damaged part", nil, other[:k], `"1"`, false, []string{rest, ""}, n - k + n, received{bytes: n}},
		{"a part that is all", nil, content, `"1"`, false, nil, 0, received{bytes: n, kept: n}},
		{"a part that is all, of unknown length", nil, content, "", true, []string{fmt.Sprintf("bytes=%d-", n)}, -1, received{bytes: n, kept: n}},
		{"a part that is too long", nil, append(content[:n:n], 7), `"1"`, false, []string{""}, n, received{bytes: n}},
		{"a part that is too long, of unknown length", nil, append(content[:n:n], 7), "", true, []string{fmt.Sprintf("bytes=%d-", n+1), ""}, -1, received{bytes: n}},
		{"the file", content, nil, "", false, nil, 0, received{bytes: n, present: true}},
		{"the file, of unknown length", content, nil, "", true, nil, 0, received{bytes: n, present: true}},
		{"a damaged file", other, nil, "", false, []string{""}, n, received{bytes: n, other: md5Of(other).hex}},
		{"a truncated file", content[:k], nil, "", false, []string{""}, n, received{bytes: n, other: md5Of(content[:k]).hex}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := publish(t, "", func(_ int, w http.ResponseWriter, r *http.Request) { serve(w, r, content, `"1"`) })
			name := filepath.Join(t.TempDir(), "file.bin")
			for suffix, b := range map[string][]byte{"": c.there, partSuffix: c.part, validatorSuffix: []byte(c.tag)} {
				if len(b) == 0 {
					continue
				}
				if err := os.WriteFile(name+suffix, b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			file := publishedFile{p.URL + "/file.bin", n, md5Of(content)}
			if c.unknown {
				file.bytes = 0
			}
			did, err := impatient().get(t.Context(), file, name, nil)
			if err != nil || did != c.did {
				t.Errorf("%+v, %v, expected %+v", did, err, c.did)
			}
			if ranges, sent := p.counts(); !slices.Equal(ranges, c.ranges) || c.sent >= 0 && sent != c.sent {
				t.Errorf("asked for %q and got %d bytes, expected %q and %d", ranges, sent, c.ranges, c.sent)
			}
			holds(t, name, content, 0)
		})
	}
}

func TestFetchCancelledLeavesThePart(t *testing.T) {
	content := noise(1, 300_001)
	ctx, cancel := context.WithCancel(t.Context())
	name := filepath.Join(t.TempDir(), "file.bin")
	p := publish(t, name+partSuffix, func(call int, w http.ResponseWriter, r *http.Request) {
		if call > 1 {
			serve(w, r, content, `"1"`)
			return
		}
		half(w, content, `"1"`)
		cancel()
		<-r.Context().Done()
	})
	file := publishedFile{p.URL + "/file.bin", int64(len(content)), md5Of(content)}
	d := impatient()
	if _, err := d.get(ctx, file, name, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	holds(t, name, nil, len(content)/2)
	if did, err := d.get(t.Context(), file, name, nil); err != nil || did.kept != int64(len(content)/2) {
		t.Errorf("%+v, %v", did, err)
	}
	if _, sent := p.counts(); sent != len(content) {
		t.Errorf("%d bytes were sent, expected each of the %d once", sent, len(content))
	}
	holds(t, name, content, 0)
}

// TestFetchByManyAtOnce lets several fetch one file, as processes would: each
// has a lock of its own.
func TestFetchByManyAtOnce(t *testing.T) {
	content := noise(1, 300_001)
	p := publish(t, "", func(_ int, w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond)
		serve(w, r, content, `"1"`)
	})
	name := filepath.Join(t.TempDir(), "file.bin")
	file := publishedFile{p.URL + "/file.bin", int64(len(content)), md5Of(content)}
	var group sync.WaitGroup
	var mu sync.Mutex
	fetched := 0
	for range 5 {
		group.Go(func() {
			did, err := impatient().get(t.Context(), file, name, nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !did.present {
				fetched++
			}
		})
	}
	group.Wait()
	if _, sent := p.counts(); fetched != 1 || sent != len(content) {
		t.Errorf("%d fetched %d bytes, expected 1 to fetch %d", fetched, sent, len(content))
	}
	holds(t, name, content, 0)
}

func TestFetchThroughMirror(t *testing.T) {
	content := noise(1, 1000)
	p := publish(t, "", func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/data/~kriz/a.tar.gz?versionId=null" {
			t.Errorf("asked for %s", r.URL)
		}
		serve(w, r, content, "")
	})
	d := impatient()
	d.mirror, _ = url.Parse(p.URL + "/data/")
	file := publishedFile{"https://publisher.example/~kriz/a.tar.gz?versionId=null", 1000, md5Of(content)}
	name := filepath.Join(t.TempDir(), file.name())
	if _, err := d.get(t.Context(), file, name, nil); err != nil {
		t.Fatal(err)
	}
	holds(t, name, content, 0)
}

func TestFetchTrustsNobodyOnTheWay(t *testing.T) {
	plain := publish(t, "", func(int, http.ResponseWriter, *http.Request) { t.Error("the file was asked for in the open") })
	secure := httptest.NewUnstartedServer(http.RedirectHandler(plain.URL+"/file.bin", http.StatusFound))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	file := publishedFile{secure.URL + "/file.bin", 10, md5Of(nil)}
	name := filepath.Join(t.TempDir(), "file.bin")

	d := impatient()
	if _, err := d.get(t.Context(), file, name, nil); err == nil || !strings.Contains(err.Error(), "does not prove who it is") {
		t.Errorf("an unknown certificate: %v", err)
	}
	d.client.Transport.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	if _, err := d.get(t.Context(), file, name, nil); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("a redirection to http: %v", err)
	}

	proxy := publish(t, "", func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy is asked for %s", r.Method)
		}
		w.WriteHeader(http.StatusForbidden)
	})
	d = impatient()
	through, _ := url.Parse(strings.Replace(proxy.URL, "http://", "http://user:secret@", 1))
	d.client.Transport.(*http.Transport).Proxy = http.ProxyURL(through)
	if _, err := d.get(t.Context(), file, name, nil); err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a proxy that refuses: %v", err)
	}
	if ranges, _ := proxy.counts(); len(ranges) != 1 {
		t.Errorf("a proxy that refuses was asked %d times", len(ranges))
	}
	holds(t, name, nil, 0)
}

func TestFetchWithoutNetwork(t *testing.T) {
	p := publish(t, "", nil)
	file := publishedFile{p.URL + "/file.bin", 10, md5Of(nil)}
	p.Close()
	d := impatient()
	d.pause = time.Minute // nothing is waited for
	_, err := d.get(t.Context(), file, filepath.Join(t.TempDir(), "file.bin"), nil)
	if host := strings.TrimPrefix(p.URL, "http://"); !errors.As(err, new(remoteError)) || !strings.Contains(err.Error(), "no connection to "+host) {
		t.Errorf("the error is %v", err)
	}
}

func TestFetchWhereNothingCanBeWritten(t *testing.T) {
	content := noise(1, 300_001)
	p := publish(t, "", func(_ int, w http.ResponseWriter, r *http.Request) { serve(w, r, content, "") })
	file := publishedFile{p.URL + "/file.bin", int64(len(content)), md5Of(content)}
	dir := t.TempDir()
	local := func(what, name string, want ...string) {
		t.Helper()
		_, err := impatient().get(t.Context(), file, name, nil)
		if err == nil || errors.As(err, new(remoteError)) {
			t.Errorf("%s: the error is %v, expected one of this machine's", what, err)
			return
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error %q lacks %q", what, err, w)
			}
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	local("a folder has the file's name", filepath.Join(dir, "folder"), "folder")
	local("no such folder", filepath.Join(dir, "none", "file.bin"), "none")
	if os.Geteuid() != 0 {
		if err := os.Chmod(filepath.Join(dir, "folder"), 0o500); err != nil {
			t.Fatal(err)
		}
		local("no permission", filepath.Join(dir, "folder", "file.bin"), "permission denied")
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full to be the full disk")
	}
	full := filepath.Join(dir, "full.bin")
	if err := os.Symlink("/dev/full", full+partSuffix); err != nil {
		t.Fatal(err)
	}
	local("a full disk", full, "no space left", "--cache")
}

func TestFetchWaitsAsTheServerAsks(t *testing.T) {
	request, _ := http.NewRequest(http.MethodGet, "http://publisher.example/file.bin", nil)
	for header, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "9999": 5 * time.Minute, "-3": 0, "Fri, 31 Dec 1999 23:59:59 GMT": 0} {
		answer := &http.Response{StatusCode: 429, Status: "429 Too Many Requests", Header: http.Header{"Retry-After": {header}}, Request: request}
		_, err := accept(answer, publishedFile{}, &partFile{})
		var fault remoteError
		if !errors.As(err, &fault) || !fault.passing || fault.after != want {
			t.Errorf("Retry-After %q: %#v, expected to wait for %s", header, err, want)
		}
	}
}

func TestContentRange(t *testing.T) {
	for s, want := range map[string][2]int64{
		"bytes 0-9/10": {0, 10}, "bytes 5-9/*": {5, -1}, "bytes */10": {-1, 10},
		"": {-1, -1}, "bytes 0-9": {-1, -1}, "bytes 9-0/10": {-1, -1}, "bytes 0-10/10": {-1, -1}, "items 0-9/10": {-1, -1},
		"bytes 0-9/99999999999999999999": {-1, -1}, "bytes -9/10": {-1, -1}, "bytes 0-/10": {-1, -1},
	} {
		if first, length, _ := contentRange(s); first != want[0] || length != want[1] {
			t.Errorf("%q: %d of %d, expected %d of %d", s, first, length, want[0], want[1])
		}
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 0-9/10")
	f.Add("bytes */10")
	f.Fuzz(func(t *testing.T, s string) {
		first, length, ok := contentRange(s)
		if first < -1 || length < -1 || !ok && (first >= 0 || length >= 0) || first >= 0 && length >= 0 && first >= length {
			t.Errorf("%q: %d of %d (%v)", s, first, length, ok)
		}
	})
}

func TestByteSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.00 kB", 4542: "4.54 kB", 28881: "28.9 kB", 999_499: "999 kB", 999_500: "1.00 MB", 9_999_000: "10.0 MB", 170052171: "170 MB", 1_330_000_000: "1.33 GB", 5e12: "5000 GB"} {
		if got := byteSize(n); got != want {
			t.Errorf("%d bytes are %q, expected %q", n, got, want)
		}
	}
}
