package gateway

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"helpost/internal/blob/dir"
	"helpost/internal/config"
	"helpost/internal/record"
	"helpost/internal/report"
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

// handle is what of a notice an answer needs.
type handle struct {
	id, reply, subject, bounce string
	sort                       sop.Sort
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

func vendor(i int) string { return fmt.Sprintf("mitra%02d@luar.example", i) }

func employee(i int) string { return fmt.Sprintf("karyawan%04d@company.com", i) }

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

// between is a random stretch of time, long ones seldom.
func (y *year) between(from, to time.Duration) time.Duration {
	x := y.rnd.Float64()
	return from + time.Duration(x*x*float64(to-from))
}

func (y *year) chance(percent float64) bool { return y.rnd.Float64()*100 < percent }

// arrivals are the reports of a day, most of them in office hours.
func (y *year) arrivals(midnight time.Time) {
	n := int(y.perDay)
	if y.rnd.Float64() < y.perDay-float64(n) {
		n++
	}
	for range n {
		at := midnight.Add(7*time.Hour + y.between(0, 11*time.Hour))
		if y.chance(10) {
			at = midnight.Add(y.between(0, 23*time.Hour))
		}
		y.planAt(at, y.reportComes)
	}
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

func (y *year) reportComes() {
	i := int(y.between(0, time.Duration(len(sorrows)))) // the first ones are the most frequent
	s := sorrows[min(i, len(sorrows)-1)]
	l := letter{from: employee(y.rnd.IntN(employees)), subject: s.subject + fmt.Sprintf(" (%d)", y.nextSeq), text: s.text}
	switch {
	case y.chance(5):
		l.from = vendor(y.rnd.IntN(vendors))
	case y.chance(2):
		l.proof = "fail"
	case y.chance(5):
		l.proof = "none"
	case y.chance(2): // somebody called
		l = letter{from: y.agent(), subject: s.subject, text: "#untuk " + l.from + "\r\n" + s.text}
	}
	y.mustTake(l)
	if y.chance(1) { // the same mail again, as relays do
		again := y.received(l)
		_, err := y.g.Take(context.Background(), again)
		_, err2 := y.g.Take(context.Background(), again)
		if err != nil || err2 != nil {
			y.t.Fatal(err, err2)
		}
	}
}

func (y *year) agent() string {
	for _, a := range []string{andi, rudi} {
		if !y.isAway(a) && y.chance(60) {
			return a
		}
	}
	return sari
}

func (y *year) isAway(who string) bool { return y.away[who].After(y.clock()) }

// absences: an agent says that he is away for some days, by command or by his software.
func (y *year) absences(midnight time.Time) {
	for _, a := range []string{andi, rudi} {
		if !y.chance(3) || y.away[a].After(midnight) {
			continue
		}
		y.planAt(midnight.Add(7*time.Hour), func() {
			back := y.clock().AddDate(0, 0, 1+y.rnd.IntN(8))
			y.away[a] = back
			y.mustTake(letter{from: a, subject: "Cuti", text: "#cuti " + back.Format("2006-01-02 15:04") + "\r\n"})
		})
	}
}

// deliver lets the relay take what is due, and the people read it.
func (y *year) deliver() (n int) {
	ctx, now := context.Background(), y.clock()
	rows, err := y.store.Claim(ctx, now, 200, time.Minute)
	if err != nil {
		y.t.Fatal(err)
	}
	var c store.Change
	var arrived []store.Outbox
	for _, row := range rows {
		y.enter(row)
		out := slices.ContainsFunc(y.outages, func(o [2]time.Time) bool { return !now.Before(o[0]) && now.Before(o[1]) })
		switch {
		case out && y.chance(85):
			c.Defer = append(c.Defer, store.Deferral{ID: row.ID, NextTry: now.Add(time.Duration(20+y.rnd.IntN(100)) * time.Minute), Tries: row.Tries + 1, Error: "421"})
		case out, y.chance(0.3):
			y.figures["undelivered"]++
			if err := y.g.Undelivered(ctx, row, "5.4.7", "given up"); err != nil {
				y.t.Fatal(err)
			}
		default:
			c.Done = append(c.Done, row.ID)
			arrived = append(arrived, row)
		}
	}
	if len(c.Done)+len(c.Defer) > 0 {
		if err := y.store.Commit(ctx, c); err != nil {
			y.t.Fatal(err)
		}
	}
	for _, row := range arrived {
		y.figures["delivered"]++
		y.reads(row)
	}
	return len(rows)
}

// enter notes a notice: no Message-ID stands for two, and no notice has two.
func (y *year) enter(row store.Outbox) {
	event, at, ok := eventOf(row.MessageID)
	if row.Ticket == 0 {
		y.bundles++
		return
	}
	p := place{row.Ticket, event, at}
	was, known := y.rows[row.MessageID]
	if other, taken := y.placed[p]; !ok || known && was != p || taken && other != row.MessageID {
		y.t.Errorf("%s to %s of ticket %d: %s, and %s", row.Kind, row.To, row.Ticket, row.MessageID, other)
	}
	y.rows[row.MessageID], y.placed[p] = p, row.MessageID
}

// reads lets the receiver of a notice do what he will.
func (y *year) reads(row store.Outbox) {
	if row.Ticket == 0 {
		return
	}
	m, err := mail.ReadMessage(bytes.NewReader(row.Segments[0].Bytes))
	if err != nil {
		y.t.Fatal(err)
	}
	n := notice{Outbox: row, header: m.Header}
	h := handle{id: row.MessageID, reply: n.reply(), subject: n.subject(), bounce: row.From, sort: workflow.SortOf(row.Kind)}
	if y.at[row.To] == nil {
		y.at[row.To] = map[sop.Number]handle{}
	}
	y.at[row.To][row.Ticket] = h
	if y.policy.OnDesk(row.To) {
		y.deskReads(row)
		return
	}
	y.reporterReads(row, h)
}

// answers writes an answer to a notice.
func (y *year) answers(who string, h handle, text string, more ...string) {
	y.mustTake(letter{from: who, rcpt: []string{h.reply}, to: h.reply, subject: "Re: " + h.subject, text: text + "\r\n", header: append([]string{"In-Reply-To: " + h.id}, more...)})
}

func (y *year) reporterReads(row store.Outbox, h handle) {
	who := row.To
	if y.chance(1) {
		y.later(time.Minute, func() { y.answers(who, h, "Saya sedang cuti.", "Auto-Submitted: auto-replied") })
	}
	if y.chance(0.3) {
		y.figures["bounced"]++
		y.later(time.Minute, func() { y.mustTake(bounce(h.bounce, who, h.id)) })
		return
	}
	say := func(from, to time.Duration, text string) {
		y.later(y.between(from, to), func() { y.answers(who, h, text) })
	}
	switch row.Kind {
	case sop.KindMissing:
		if y.chance(60) {
			say(time.Minute, 5*time.Hour, "Divisi: Keuangan. Tidak ada tangkapan layar.")
		}
	case sop.KindReply, sop.KindPaused:
		if y.chance(12) {
			say(5*time.Minute, 30*time.Hour, "Baik, ini keterangan tambahan: kejadiannya sejak kemarin.")
		}
	case sop.KindResolved:
		switch x := y.rnd.IntN(100); {
		case x < 50:
			say(5*time.Minute, 30*time.Hour, "YA, sudah beres. Terima kasih.")
		case x < 63:
			say(5*time.Minute, 30*time.Hour, "BELUM, masih macet.")
		case x < 70:
			say(5*time.Minute, 23*time.Hour, "Saya coba dulu besok ya.")
		case x < 73:
			say(5*time.Minute, 23*time.Hour, "Sudah beres, tapi sekarang ada masalah baru: layar berkedip.")
		case x < 75: // a colleague has the mail passed on to him
			y.later(y.between(5*time.Minute, 20*time.Hour), func() { y.answers(employee(y.rnd.IntN(employees)), h, "BELUM, masih macet.") })
		}
	case sop.KindClosed:
		switch x := y.rnd.IntN(100); {
		case x < 5:
			say(time.Hour, 160*time.Hour, "Ternyata masalahnya muncul lagi.")
		case x < 7:
			say(200*time.Hour, 900*time.Hour, "Masalahnya muncul lagi.")
		case x < 10:
			say(time.Hour, 400*time.Hour, "Terima kasih banyak.")
		}
	}
}

func (y *year) deskReads(row store.Outbox) {
	n, who := row.Ticket, row.To
	if who == boss || y.busy[n] || y.isAway(who) {
		return
	}
	switch row.Kind {
	case sop.KindStatus, sop.KindHelp, sop.KindScheduled, sop.KindError:
		return
	case sop.KindUpdate, sop.KindNote:
		if y.chance(50) {
			return
		}
	}
	y.acts(n, who)
}

// acts plans what somebody of the desk does next on a ticket: P1 at once, the rest when the office is open, some late.
func (y *year) acts(n sop.Number, who string) {
	y.busy[n] = true
	t := y.ticket(n)
	wait := map[sop.Priority]time.Duration{sop.P1: 14 * time.Minute, sop.P2: 50 * time.Minute, sop.P3: 4 * time.Hour}[t.Priority]
	if y.chance(10) {
		wait *= 5
	}
	at := y.clock().Add(y.between(time.Minute, wait))
	if t.Priority != sop.P1 {
		at = officeOf(y.zone).Opens(at).Add(time.Duration(y.rnd.IntN(20*60*1000)) * time.Millisecond)
	}
	y.planAt(at, func() {
		delete(y.busy, n)
		if y.isAway(who) {
			who = sari
		}
		h, got := y.at[who][n]
		if !got {
			return
		}
		y.act(n, who, h)
	})
}

// act does one thing to a ticket.
func (y *year) act(n sop.Number, who string, h handle) {
	t := y.ticket(n)
	const goOn, rest = true, false
	type choice struct {
		weight int
		text   string
		goOn   bool
	}
	var all []choice
	switch t.State {
	case workflow.New, workflow.Open:
		all = []choice{
			{25, "Kami sedang memeriksa.", goOn}, {30, "#selesai\r\nSudah kami perbaiki.", rest}, {8, "#ambil", goOn}, {8, "#tunda 5h menunggu vendor", rest},
			{4, "#tunda 3d suku cadang\r\nKami menunggu suku cadang.", rest}, {4, "#kunjungan besok 10:00", goOn}, {3, "#prioritas p1", goOn}, {3, "#prioritas p2", goOn},
			{3, "#prioritas p3", goOn}, {3, "#tugaskan " + []string{andi, rudi}[y.rnd.IntN(2)], rest}, {2, "#eskalasi butuh izin", goOn}, {2, "#catatan\r\n" + secret, goOn},
			{2, "#tutup sudah lewat telepon", rest}, {1, "#dampak departemen", goOn}, {2, "#gabung " + (n - sop.Number(min(int(n)-1, y.rnd.IntN(4)))).ID("IT"), goOn}, {1, "#selesei\r\nSudah.", goOn}, {3, "#spam", goOn},
		}
	case workflow.Paused:
		all = []choice{{3, "#lanjut", goOn}, {2, "Vendor belum datang.", goOn}, {2, "#selesai\r\nSudah kami perbaiki.", rest}, {1, "#prioritas p1", goOn}, {1, "#tunda 1d", rest}}
	case workflow.Resolved:
		all = []choice{{6, "", rest}, {1, "#tunda 2d", rest}, {1, "#buka", goOn}, {1, "Semoga lancar.", rest}, {1, "#prioritas p1", rest}}
	default:
		return
	}
	sum := 0
	for _, c := range all {
		sum += c.weight
	}
	x := y.rnd.IntN(sum)
	i := slices.IndexFunc(all, func(c choice) bool { x -= c.weight; return x < 0 })
	if all[i].text != "" {
		y.figures["acts"]++
		y.answers(who, h, all[i].text)
	}
	if all[i].goOn {
		y.acts(n, who)
	}
}

// judge counts everything a second time, from the record.
func (y *year) judge() {
	y.t.Helper()
	now := workflow.Moment(y.clock())
	var mine report.Row
	told, bundled := 0, map[sop.Kind]bool{sop.KindWarning: true, sop.KindBreach: true, sop.KindEscalated: true}
	all := y.tickets()
	var response, resolution struct{ desk, change int }
	for _, t := range all {
		if at := y.policy.Wake(&t); !at.IsZero() && !at.After(now) {
			y.t.Errorf("ticket %d was due at %v", t.Number, at)
		}
		var entries []record.Entry
		y.view(func(v store.Reader) (err error) { entries, err = v.Log(t.Number); return err })
		if err := record.Verify(t.Number, entries); err != nil {
			y.t.Error(err)
		}
		y.soundRecord(t)
		told += y.placesKept(t.Number, entries, bundled)
		r, err := recounted(y.policy, entries, now)
		if err != nil {
			y.t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			k    *workflow.Clock
			j    judged
		}{{"response", &t.Response, r.response}, {"resolution", &t.Resolution, r.resolution}} {
			if c.k.Breached != (c.j.desk || c.j.change) || c.k.ByChange != c.j.change {
				y.t.Errorf("ticket %d, %s: recounted %+v, the ticket says %+v", t.Number, c.name, c.j, *c.k)
			}
		}
		if r.state != t.State || r.priority != t.Priority || r.disputes != t.Disputes || (t.RespondedAt == nil) != r.answered.IsZero() {
			y.t.Errorf("ticket %d: recounted %+v", t.Number, r)
		}
		y.figures["state "+string(r.state)]++
		y.figures["priority "+string(r.priority)]++
		switch r.state {
		case workflow.Merged:
			mine.Merged++
			continue
		case workflow.Rejected:
			mine.Rejected++
			continue
		case workflow.Resolved:
			mine.Awaiting++
		case workflow.Closed:
			map[string]func(){"confirm": func() { mine.ByConfirm++ }, "silence": func() { mine.BySilence++ }, "hand": func() { mine.ByHand++ }}[r.closedBy]()
		default:
			mine.Open++
		}
		mine.Received++
		mine.Disputes += r.disputes
		mine.Reopened += r.reopened
		for _, c := range []struct {
			j    judged
			into *struct{ desk, change int }
		}{{r.response, &response}, {r.resolution, &resolution}} {
			switch {
			case c.j.change:
				c.into.change++
			case c.j.desk:
				c.into.desk++
			}
		}
	}
	y.agree(mine, response.desk, response.change, resolution.desk, resolution.change, now)
	y.soundDue()
	y.lived(len(all), told)
}

// placesKept compares the notices on a ticket's record with those that were sent; warnings may have come bundled.
func (y *year) placesKept(n sop.Number, entries []record.Entry, bundled map[sop.Kind]bool) (told int) {
	for _, e := range entries {
		event, err := e.Event()
		if err != nil {
			y.t.Fatal(err)
		}
		if event.Type != workflow.Notified {
			continue
		}
		for i, kind := range texts(event.Info["notices"]) {
			told++
			if y.placed[place{n, event.Seq, i}] == "" && !bundled[sop.Kind(kind)] {
				y.t.Errorf("ticket %d, event %d: %s was never sent", n, event.Seq, kind)
			}
		}
	}
	return told
}

// agree compares the figures with those of the report.
func (y *year) agree(mine report.Row, response, responseByChange, resolution, resolutionByChange int, now time.Time) {
	y.t.Helper()
	q := report.Query{By: report.ByPriority, At: now}
	q.From, q.To = y.begin, y.begin.AddDate(2, 0, 0)
	got, err := report.Read(context.Background(), y.store, y.policy, q)
	if err != nil {
		y.t.Fatal(err)
	}
	is := got.Total
	for _, c := range []struct {
		name      string
		mine, his int
	}{
		{"received", mine.Received, is.Received}, {"disputes", mine.Disputes, is.Disputes}, {"reopened", mine.Reopened, is.Reopened},
		{"closed by confirm", mine.ByConfirm, is.ByConfirm}, {"closed by silence", mine.BySilence, is.BySilence}, {"closed by hand", mine.ByHand, is.ByHand},
		{"open", mine.Open, is.Open}, {"awaiting", mine.Awaiting, is.Awaiting}, {"merged", mine.Merged, is.Merged}, {"rejected", mine.Rejected, is.Rejected},
		{"responses missed", response, is.Response.Missed}, {"responses missed by a change", responseByChange, is.Response.ByChange},
		{"resolutions missed", resolution, is.Resolution.Missed}, {"resolutions missed by a change", resolutionByChange, is.Resolution.ByChange},
	} {
		y.figures[c.name] = c.mine
		if c.mine != c.his {
			y.t.Errorf("%s: recounted %d, reported %d", c.name, c.mine, c.his)
		}
	}
	if is.Response.Percent != nil && is.Resolution.Percent != nil {
		y.figures["attainment of responses, percent"], y.figures["attainment of resolutions, percent"] = int(*is.Response.Percent), int(*is.Resolution.Percent)
	}
}

// lived says what the year was, and that it was one: everything happened in it.
func (y *year) lived(tickets, told int) {
	y.t.Helper()
	if float64(tickets) < 0.8*y.perDay*yearDays {
		y.t.Errorf("%d tickets in a year", tickets)
	}
	if tickets > 500 {
		for _, must := range []string{"disputes", "reopened", "closed by confirm", "closed by silence", "closed by hand", "merged", "rejected", "responses missed", "responses missed by a change",
			"resolutions missed", "undelivered", "bounced", "priority P1", "priority P2", "priority P3"} {
			if y.figures[must] == 0 {
				y.t.Errorf("%s: none in a year", must)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d tickets, %d notices on record, %d mails without a ticket", y.zone, tickets, told, y.bundles)
	for _, name := range slices.SortedFunc(maps.Keys(y.figures), cmp.Compare[string]) {
		fmt.Fprintf(&b, "; %s %d", name, y.figures[name])
	}
	y.t.Log(b.String())
}
