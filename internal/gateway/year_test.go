package gateway

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"helpost/internal/blob/dir"
	"helpost/internal/config"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/workflow"
)

// A simulated year: real parser, rules, composer and store; decided are the people, the relay and the clock. Every simulated
// midnight helpost stops and starts again. At the end each figure is counted a second time from the record.
//
// HELPOST_YEAR is how many tickets come a day, 40 in a company of 2,000 (make year). Unset it is 2, a twentieth, and under the
// race detector half a one, an eightieth: a ticket is some four mails and a dozen notices, which are real ones.
func TestAYear(t *testing.T) {
	perDay := 2.0
	if raced || testing.Short() {
		perDay = 0.5
	}
	if set := os.Getenv("HELPOST_YEAR"); set != "" {
		var err error
		if perDay, err = strconv.ParseFloat(set, 64); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		zone  string
		share float64
	}{{"Asia/Jakarta", 0.75}, {"Europe/Berlin", 0.25}} {
		t.Run(c.zone, func(t *testing.T) {
			t.Parallel()
			newYear(t, c.zone, c.share*perDay).run()
		})
	}
}

const (
	employees = 2000
	vendors   = 50
	yearDays  = 365
)

// year is a company's desk for a year.
type year struct {
	*house
	path    string
	zone    *time.Location
	rnd     *rand.Rand
	perDay  float64
	plan    plan
	next    time.Time // when something is due next
	nextSeq int
	begin   time.Time
	outages [][2]time.Time
	away    map[string]time.Time
	busy    map[sop.Number]bool              // somebody of the desk means to act on it
	at      map[string]map[sop.Number]handle // the last notice that somebody got of a ticket
	rows    map[string]place                 // by Message-ID
	placed  map[place]string
	bundles int
	figures map[string]int
}

// place is where a notice stands in the record.
type place struct {
	ticket       sop.Number
	event, place int
}

// planned is what somebody will do at a moment.
type planned struct {
	at  time.Time
	seq int
	do  func()
}

type plan []planned

func (p plan) Len() int { return len(p) }
func (p plan) Less(i, j int) bool {
	if c := p[i].at.Compare(p[j].at); c != 0 {
		return c < 0
	}
	return p[i].seq < p[j].seq
}
func (p plan) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *plan) Push(x any)   { *p = append(*p, x.(planned)) }
func (p *plan) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

func newYear(t *testing.T, zone string, perDay float64) *year {
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	y := &year{zone: z, rnd: rand.New(rand.NewPCG(2026, uint64(len(zone)))), perDay: perDay, away: map[string]time.Time{}, busy: map[sop.Number]bool{},
		at: map[string]map[sop.Number]handle{}, rows: map[string]place{}, placed: map[place]string{}, figures: map[string]int{}}
	y.begin = time.Date(2026, 1, 1, 0, 0, 0, 0, z)
	y.house = &house{t: t, policy: newPolicy(), now: y.begin, people: people{known: map[string]sop.Person{}}, boxes: []config.Mailbox{{Address: helpdesk, Team: "desk"}}}
	for i := range employees * 9 / 10 {
		a := employee(i)
		y.people.known[a] = sop.Person{Address: a, Name: fmt.Sprintf("Karyawan Nomor%d", i), Department: []string{"Keuangan", "Gudang", "Produksi"}[i%3], Lang: []sop.Lang{sop.Indonesian, sop.English}[i/7%2]}
	}
	for i := range vendors { // outsiders whom the directory lets report
		y.people.known[vendor(i)] = sop.Person{Address: vendor(i), Name: fmt.Sprintf("Mitra %d", i), Department: "Luar"}
	}
	p := y.policy
	p.Zone, p.Digest = z, 5*time.Minute
	p.Teams[0].RoundRobin = true
	p3 := p.Targets[sop.P3]
	p3.Calendar = officeOf(z)
	p.Targets[sop.P3] = p3
	for range 12 { // the relay fails for some hours
		from := y.begin.Add(time.Duration(y.rnd.Int64N(int64(yearDays * 24 * time.Hour))))
		y.outages = append(y.outages, [2]time.Time{from, from.Add(time.Duration(1+y.rnd.IntN(12)) * time.Hour)})
	}
	folder := t.TempDir()
	y.path = filepath.Join(folder, "helpost.db")
	if y.blobs, err = dir.Open(filepath.Join(folder, "blobs")); err != nil {
		t.Fatal(err)
	}
	y.start()
	return y
}

// officeOf is open from Monday to Friday but on a dozen holidays.
func officeOf(z *time.Location) *workflow.Hours {
	var week [7][]workflow.Opening
	for d := time.Monday; d <= time.Friday; d++ {
		week[d] = []workflow.Opening{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 17 * 60}}
	}
	var free []workflow.Date
	for _, d := range [][2]int{{1, 1}, {1, 16}, {2, 17}, {3, 19}, {3, 20}, {4, 3}, {5, 1}, {5, 14}, {5, 27}, {6, 1}, {8, 17}, {12, 25}} {
		free = append(free, workflow.Date{Year: 2026, Month: time.Month(d[0]), Day: d[1]})
	}
	return workflow.NewHours(z, week, free)
}

// start opens the store and wires the gateway, as a start of the daemon does.
func (y *year) start() {
	y.t.Helper()
	var err error
	if y.store, err = bolt.Open(y.path, bolt.Options{NoSync: true}); err != nil {
		y.t.Fatal(err)
	}
	y.faults = &unsteady{Store: y.store}
	if y.g == nil {
		y.build()
		return
	}
	parts := y.g.Parts // what holds no state is not made anew each day
	parts.Store = y.faults
	if y.g, err = New(parts); err != nil {
		y.t.Fatal(err)
	}
}

func (y *year) restart() {
	if err := y.store.Close(); err != nil {
		y.t.Fatal(err)
	}
	y.start()
	y.settle()
}

// run lives through the year.
func (y *year) run() {
	y.settle()
	for day := range yearDays {
		midnight := y.begin.AddDate(0, 0, day)
		y.arrivals(midnight)
		y.absences(midnight)
		for y.step(midnight.AddDate(0, 0, 1)) {
		}
		y.restart()
	}
	y.judge()
	if err := y.store.Close(); err != nil {
		y.t.Error(err)
	}
}

// step does what comes next, and says whether anything did before the end of the day.
func (y *year) step(end time.Time) bool {
	at, act := y.next, false
	if len(y.plan) > 0 && (at.IsZero() || !y.plan[0].at.After(at)) {
		at, act = y.plan[0].at, true
	}
	if at.IsZero() || !at.Before(end) {
		y.set(end)
		return false
	}
	y.set(at)
	if act {
		heap.Pop(&y.plan).(planned).do()
	}
	y.settle()
	return true
}

func (y *year) set(at time.Time) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if at.After(y.now) {
		y.now = at
	}
}

// settle does what is due, lets the relay take what waits, and looks when something is due next.
func (y *year) settle() {
	y.t.Helper()
	ctx := context.Background()
	for {
		next, err := y.g.Tick(ctx)
		if err != nil {
			y.t.Fatal(err)
		}
		if y.deliver() > 0 {
			continue
		}
		y.next = next
		y.view(func(v store.Reader) error {
			try, err := v.NextTry()
			y.next = earlier(y.next, try)
			return err
		})
		return
	}
}

// later plans something.
func (y *year) later(after time.Duration, do func()) { y.planAt(y.clock().Add(after), do) }

func (y *year) planAt(at time.Time, do func()) {
	y.nextSeq++
	heap.Push(&y.plan, planned{at, y.nextSeq, do})
}

var sorrows = []struct{ subject, text string }{
	{"Printer macet", "Printer di lantai tiga macet, saya pakai printer lain. Tidak ada tangkapan layar.\r\n"},
	{"Outlook lambat", "Outlook saya lambat sejak pagi, masih bisa dipakai. Tidak ada tangkapan layar.\r\n"},
	{"Minta akses folder", "Mohon dibuatkan akses ke folder laporan bulanan.\r\n"},
	{"Instalasi AutoCAD", "Mohon dipasang AutoCAD di laptop saya.\r\n"},
	{"Laptop mati", "Laptop saya mati total, saya tidak bisa bekerja sama sekali. Tidak ada tangkapan layar.\r\n"},
	{"Scanner tidak terbaca", "Scanner tidak terbaca di komputer saya.\r\n"},
	{"Jaringan departemen gudang", "Jaringan di departemen gudang putus, semua orang di departemen kami tidak bisa bekerja.\r\n"},
	{"Email mati", "Email mati di semua cabang, semua orang tidak bisa bekerja sama sekali.\r\n"},
}
