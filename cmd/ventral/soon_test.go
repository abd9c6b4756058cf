package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Work that cannot stop is not waited for; work that can is.
func TestSoon(t *testing.T) {
	failed := errors.New("failed")
	if err := soon(context.Background(), func() error { return failed }); err != failed {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	never := make(chan struct{})
	defer close(never)
	begun := time.Now()
	err := soon(ctx, func() error { <-never; return nil })
	if took := time.Since(begun); err != context.Canceled || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if err := soon(ctx, func() error { time.Sleep(10 * time.Millisecond); return failed }); err != failed {
		t.Errorf("work that ends in time: %v", err)
	}
}
