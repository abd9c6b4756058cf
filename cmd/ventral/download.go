package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// A downloader brings published files from the network. It goes on where an
// earlier try ended, and gives a file its name when its length and checksum are
// right.
type downloader struct {
	client  *http.Client
	mirror  *url.URL      // in place of the publisher's host; nil: none
	retries int           // tries after a failure, in a row, that bring nothing more
	stall   time.Duration // without a byte, after which a try has failed
	pause   time.Duration // before the first retry; it doubles with each
}

// newDownloader returns a downloader with one connection a file, so that one
// that has died takes no other with it (HTTP/2 shares them).
func newDownloader() *downloader {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		Protocols:              new(http.Protocols),
		DisableCompression:     true, // a checksum is of the bytes as they are published
		OnProxyConnectResponse: refusedByProxy,
	}
	transport.Protocols.SetHTTP1(true)
	return &downloader{
		client: &http.Client{Transport: transport, CheckRedirect: checkRedirect},
		pause:  time.Second,
	}
}

// longestPause is the most that is waited between two tries, unless the server
// asks for more.
const longestPause = 30 * time.Second

// A remoteError is a fault of the network, the server or what it sent.
type remoteError struct {
	error
	passing bool          // another try may go better
	after   time.Duration // that the server asks to wait for
}

func (e remoteError) Unwrap() error { return e.error }

func remote(format string, args ...any) error {
	return remoteError{error: fmt.Errorf(format, args...)}
}

func passing(format string, args ...any) error {
	return remoteError{error: fmt.Errorf(format, args...), passing: true}
}

func refusedByProxy(_ context.Context, proxy *url.URL, ask *http.Request, answer *http.Response) error {
	if answer.StatusCode/100 == 4 {
		return remote("the proxy %s lets nobody through to %s: %s", proxy.Redacted(), ask.Host, answer.Status)
	}
	return nil
}

// checkRedirect follows five redirections, and none from https to http.
func checkRedirect(next *http.Request, before []*http.Request) error {
	switch last := before[len(before)-1]; {
	case len(before) > 5:
		return remote("%s leads on and on, after five redirections to %s", before[0].URL.Redacted(), next.URL.Redacted())
	case last.URL.Scheme == "https" && next.URL.Scheme != "https":
		return remote("%s leads from https to %s, which anybody on the way can change", last.URL.Redacted(), next.URL.Redacted())
	}
	return nil
}

// received says what get did.
type received struct {
	present bool   // the file was there, and is what was published
	other   string // the checksum of another content that was there under its name
	bytes   int64  // the file's
	kept    int64  // of them, from an earlier time
}

// get makes sure that file is at name, whose folder exists: an error is a
// remoteError, of the machine's files, or ctx's. After an error what has come
// stays beside name for the next time.
func (d *downloader) get(ctx context.Context, file publishedFile, name string, show *transfer) (received, error) {
	part, did, err := d.claim(ctx, file, name, show)
	if err != nil || did.present {
		return did, err
	}
	defer part.close()
	err = d.bring(ctx, file, part, show)
	if err == nil {
		joined := part.joined
		// What was joined of parts may be no whole: then it is fetched in one piece.
		if err = part.finish(file.sum); joined && errors.As(err, new(wrongSum)) {
			if err = part.begin(""); err == nil {
				err = d.bring(ctx, file, part, show)
			}
			if err == nil {
				err = part.finish(file.sum)
			}
		}
	}
	if errors.As(err, new(wrongSum)) {
		err = errors.Join(remoteError{error: err}, part.begin(""))
	}
	did.bytes, did.kept = part.n, part.kept
	return did, err
}

// claim returns the locked part of a file that is not there yet. Another process
// that fetches it is waited for.
func (d *downloader) claim(ctx context.Context, file publishedFile, name string, show *transfer) (part *partFile, did received, err error) {
	for {
		show.note("checking what is there")
		if did, err = present(ctx, file, name); did.present || err != nil {
			return nil, did, err
		}
		part, err = openPart(ctx, name, file.sum.new())
		if err == nil {
			// The other process may have finished before this one took the part.
			if did, err = present(ctx, file, name); did.present || err != nil {
				return nil, did, errors.Join(err, part.close())
			}
			return part, did, nil
		}
		if !errors.Is(err, errTaken) {
			return nil, did, err
		}
		show.note("another process is fetching it")
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return nil, did, err
		}
	}
}

func present(ctx context.Context, file publishedFile, name string) (received, error) {
	err := file.checkFile(ctx, name)
	var wrong wrongSum
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return received{}, nil
	case errors.As(err, &wrong):
		return received{other: wrong.found}, nil
	case err != nil:
		return received{}, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return received{}, err
	}
	return received{present: true, bytes: info.Size()}, nil
}

// bring tries until the whole file has come into the part.
func (d *downloader) bring(ctx context.Context, file publishedFile, part *partFile, show *transfer) error {
	most := part.n
	for failures := 0; ; {
		answered, err := d.try(ctx, file, part, show)
		var fault remoteError
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.As(err, &fault) || !fault.passing:
			return err
		case !answered && most == 0 && unreachable(err):
			return remoteError{error: err} // no network, most likely: no use in waiting
		}
		if failures++; part.n > most {
			most, failures = part.n, 1
		}
		if failures > d.retries {
			return remoteError{error: fmt.Errorf("%w (the last of %d tries)", err, failures)}
		}
		wait := max(min(d.pause<<min(failures-1, 30), longestPause), fault.after)
		show.note(fmt.Sprintf("again in %s: %v", wait.Round(time.Second), err))
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// unreachable reports whether no connection came about.
func unreachable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// at is the file's address, at the mirror if there is one.
func (d *downloader) at(file publishedFile) (*url.URL, error) {
	u, err := url.Parse(file.address)
	if err == nil && d.mirror != nil {
		u.Scheme, u.User, u.Host = d.mirror.Scheme, d.mirror.User, d.mirror.Host
		u.Path = strings.TrimSuffix(d.mirror.Path, "/") + u.Path
	}
	return u, err
}

// try asks once for what is missing of the file, and reports whether it was
// answered at all.
func (d *downloader) try(ctx context.Context, file publishedFile, part *partFile, show *transfer) (answered bool, err error) {
	if file.bytes > 0 && part.n >= file.bytes {
		if part.n == file.bytes {
			return true, nil
		}
		if err := part.begin(""); err != nil {
			return false, err
		}
	}
	from, err := d.at(file)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(d.stall, func() { cancel(passing("no byte came from %s for %s", from.Host, d.stall)) })
	defer watch.Stop()
	// fault is what went wrong with a request, and that it was this one that hung.
	fault := func(err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return faultOf(err, from.Host)
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), nil)
	if err != nil {
		return false, err
	}
	ask.Header.Set("User-Agent", "ventral")
	if part.n > 0 {
		ask.Header.Set("Range", fmt.Sprintf("bytes=%d-", part.n))
		if part.validator != "" {
			ask.Header.Set("If-Range", part.validator)
		}
	}
	answer, err := d.client.Do(ask)
	if err != nil {
		return false, fault(err)
	}
	defer answer.Body.Close()
	whole, err := accept(answer, file, part)
	if err != nil {
		return true, err
	}
	show.at(part.n, whole)
	buffer := make([]byte, 128<<10)
	for whole < 0 || part.n < whole {
		watch.Reset(d.stall)
		room := buffer
		if whole >= 0 {
			room = buffer[:min(int64(len(buffer)), whole-part.n)]
		}
		n, err := answer.Body.Read(room)
		watch.Stop()
		if _, err := part.Write(room[:n]); err != nil {
			return true, err
		}
		show.at(part.n, whole)
		switch {
		case err == io.EOF && whole < 0:
			return true, nil
		case err == io.EOF && part.n < whole:
			return true, passing("%s ended after %d of %d bytes", from.Host, part.n, whole)
		case err != nil && err != io.EOF:
			return true, fault(err)
		}
	}
	return true, nil
}

// faultOf says what a failed request means.
func faultOf(err error, host string) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the address, which may be long
	}
	var known remoteError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return remote("%s does not prove who it is: %w", host, err)
	case unreachable(err):
		return passing("no connection to %s: %w", host, err)
	}
	return passing("the connection to %s broke: %w", host, err)
}

// accept readies the part for the body of an answer: the whole file, or what is
// missing of it. It returns the length that the part shall have in the end, -1
// where nobody says.
func accept(answer *http.Response, file publishedFile, part *partFile) (whole int64, err error) {
	from := answer.Request.URL
	validator := validatorOf(answer.Header)
	switch code := answer.StatusCode; {
	case code == http.StatusOK:
		// All of it: nothing had come, or it is another version, or the server
		// knows no parts.
		whole = answer.ContentLength
		if err := rightContent(answer, file, whole); err != nil {
			return 0, err
		}
		if err := part.begin(validator); err != nil {
			return 0, err
		}
	case code == http.StatusPartialContent && part.n > 0:
		first, length, ok := contentRange(answer.Header.Get("Content-Range"))
		changed := validator != "" && part.validator != "" && validator != part.validator
		if !ok || first != part.n || changed {
			if err := part.begin(""); err != nil {
				return 0, err
			}
			return 0, passing("%s sent another part of %s than was asked for", from.Host, file.name())
		}
		whole = length
		if err := rightContent(answer, file, whole); err != nil {
			return 0, err
		}
		part.joined = true
	case code == http.StatusRequestedRangeNotSatisfiable && part.n > 0:
		if _, length, _ := contentRange(answer.Header.Get("Content-Range")); length == part.n {
			return length, nil // nothing is missing
		}
		if err := part.begin(""); err != nil {
			return 0, err
		}
		return 0, passing("%s has less of %s than had come", from.Host, file.name())
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		fault := remoteError{error: fmt.Errorf("%s answers %s", from.Redacted(), answer.Status), passing: true}
		if seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 16); err == nil {
			fault.after = min(time.Duration(seconds)*time.Second, 5*time.Minute)
		}
		return 0, fault
	default:
		return 0, remote("%s answers %s", from.Redacted(), answer.Status)
	}
	if file.bytes > 0 {
		whole = file.bytes
	}
	return whole, nil
}

// rightContent refuses an answer that cannot be the file: a web page, or one of
// another length, as far as both lengths are known.
func rightContent(answer *http.Response, file publishedFile, length int64) error {
	from := answer.Request.URL.Redacted()
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err == nil && kind == "text/html" {
		return remote("%s sends a web page in place of the file: the network may want a login, or the file has moved", from)
	}
	if file.bytes > 0 && length >= 0 && length != file.bytes {
		return remote("%s has %d bytes, expected %d", from, length, file.bytes)
	}
	return nil
}

// validatorOf is what names the version of an answer in If-Range: its ETag, or
// its date where there is no ETag that stands for the bytes.
func validatorOf(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// contentRange parses "bytes FIRST-LAST/LENGTH", where LENGTH may be * (-1), and
// "bytes */LENGTH" (first -1), as answers to requests for parts have them
// (RFC 9110, section 14.4).
func contentRange(s string) (first, length int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, all, cut := strings.Cut(s, "/")
	if !ok || !cut {
		return -1, -1, false
	}
	first, length = -1, -1
	if all != "*" {
		n, err := strconv.ParseUint(all, 10, 63)
		if err != nil {
			return -1, -1, false
		}
		length = int64(n)
	}
	if span != "*" {
		begin, end, _ := strings.Cut(span, "-")
		n, err := strconv.ParseUint(begin, 10, 63)
		last, lastErr := strconv.ParseUint(end, 10, 63)
		if err != nil || lastErr != nil || last < n || length >= 0 && last >= uint64(length) {
			return -1, -1, false
		}
		first = int64(n)
	}
	return first, length, true
}
