package meter

import (
	"bytes"
	"os"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"
)

// ofProcess puts on the page what the process is and uses, without stopping it. What a system does not tell is left out.
func ofProcess(p *page, began time.Time) {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/allocs:objects"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(samples)
	for i, name := range []string{"helpost_go_alloc_bytes_total", "helpost_go_allocs_total", "helpost_go_heap_bytes", "helpost_go_goroutines"} {
		p.set(name, float64(samples[i].Value.Uint64()))
	}
	p.set("helpost_process_start_timestamp_seconds", float64(began.UnixMilli())/1000)
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err == nil {
		p.set("helpost_process_cpu_seconds_total", time.Duration(used.Utime.Nano()+used.Stime.Nano()).Seconds())
	}
	if n, ok := anonymous(); ok {
		p.set("helpost_process_anonymous_bytes", float64(n))
	}
	var files syscall.Rlimit
	if open, err := os.ReadDir("/proc/self/fd"); err == nil && syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil {
		p.set("helpost_process_open_files", float64(len(open)))
		p.set("helpost_process_open_files_limit", float64(files.Cur))
	}
}

// anonymous is the memory that is the process's own, in bytes, where the system says so.
func anonymous() (int64, bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, after, _ := bytes.Cut(status, []byte("\nRssAnon:"))
	line, _, _ := bytes.Cut(after, []byte(" kB"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return kb << 10, err == nil
}
