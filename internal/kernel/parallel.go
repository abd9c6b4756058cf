package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A task is work in items, each of which writes what no other writes. Tasks are values that stay where they are between calls, so
// that a training step allocates nothing: the operations of a Variant take theirs from pools.
type task interface {
	// do works on an item; worker, below GOMAXPROCS, says which memory of its own it may use.
	do(worker, item int)
}

// A job is a task under way. Several workers take its items.
type job struct {
	task    task
	n       int64
	next    atomic.Int64
	workers sync.WaitGroup
}

func (j *job) work(worker int) {
	for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
		j.task.do(worker, int(i))
	}
}

// A call asks a worker to help with a job.
type call struct {
	job    *job
	worker int
}

func (c call) answer() {
	c.job.work(c.worker)
	c.job.workers.Done()
}

var (
	jobs    = sync.Pool{New: func() any { return new(job) }}
	calls   = make(chan call, 256)
	helpers atomic.Int64 // goroutines that answer calls
)

// run does all n items of a task on at most GOMAXPROCS goroutines, this one among them.
func run(n int, t task) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			t.do(0, i)
		}
		return
	}
	for helpers.Load() < int64(workers-1) {
		helpers.Add(1)
		go func() {
			for c := range calls {
				c.answer()
			}
		}()
	}
	j := jobs.Get().(*job)
	j.task, j.n = t, int64(n)
	j.next.Store(0)
	for w := 1; w < workers; w++ {
		j.workers.Add(1)
		select {
		case calls <- call{j, w}:
		default: // all are busy, and many wait
			j.workers.Done()
		}
	}
	j.work(0)
	// Who waits answers calls too: where an item runs a task of its own, all helpers may be waiting.
	for waiting := true; waiting; {
		select {
		case c := <-calls:
			c.answer()
		default:
			waiting = false
		}
	}
	j.workers.Wait()
	j.task = nil
	jobs.Put(j)
}

// items of a function, for Parallel.
type function func(i int)

func (f function) do(_, i int) { f(i) }

type workerFunction func(worker, i int)

func (f workerFunction) do(worker, i int) { f(worker, i) }

// Parallel calls do for 0 ≤ i < n on GOMAXPROCS goroutines. Each i must write what no other writes. It allocates nothing itself.
func Parallel(n int, do func(i int)) { run(n, function(do)) }

// ParallelWorkers is Parallel, and says which of at most GOMAXPROCS workers calls, so that they can have memory of their own.
func ParallelWorkers(n int, do func(worker, i int)) { run(n, workerFunction(do)) }

// A tasks pool holds the tasks of one kind that are not in use.
type tasks[T any] struct{ pool sync.Pool }

func (p *tasks[T]) get() *T {
	if t := p.pool.Get(); t != nil {
		return t.(*T)
	}
	return new(T)
}

// put takes a task back, emptied so that it holds on to nothing.
func (p *tasks[T]) put(t *T) {
	*t = *new(T)
	p.pool.Put(t)
}
