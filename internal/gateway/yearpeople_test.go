package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// The people of the year: who reports, who is away, what each does with a notice that reaches him.

// handle is what of a notice an answer needs.
type handle struct {
	id, reply, subject, bounce string
	sort                       sop.Sort
}

func vendor(i int) string { return fmt.Sprintf("mitra%02d@luar.example", i) }

func employee(i int) string { return fmt.Sprintf("karyawan%04d@company.com", i) }

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
