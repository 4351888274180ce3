package templates

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"helpost/internal/sop"
)

// Check renders every kind in every language with sample data, so that a slip in an override shows before a reporter
// sees it. Its errors name the template's file and, where there is one, the line.
func (s *Set) Check() error {
	var wrong []error
	samples := Samples()
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		d := samples[name]
		file := s.language(d.Lang).kinds[d.Kind].file
		mail, err := s.Render(d)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		first, _, _ := strings.Cut(mail.Text, "\n")
		if d.ToDesk && !strings.HasSuffix(first, s.language(d.Lang).word(whereKey(&d))) {
			wrong = append(wrong, fmt.Errorf("%s: the first line of a mail to the desk must be one that begins with \"! \"", file))
		}
	}
	return errors.Join(dedupe(wrong)...)
}

func dedupe(errs []error) []error {
	seen := map[string]bool{}
	return slices.DeleteFunc(errs, func(err error) bool {
		was := seen[err.Error()]
		seen[err.Error()] = true
		return was
	})
}

// Samples are notices with invented data: every kind and every text of it in every language, named as
// "closed.silence.id".
func Samples() map[string]Data {
	all := map[string]Data{}
	for _, lang := range Languages {
		for name, d := range samplesIn(sampler{lang}) {
			all[name+"."+string(lang)] = d
		}
	}
	return all
}

// sampler makes sample data in a language.
type sampler struct{ lang sop.Lang }

func (s sampler) pick(id, en string) string {
	if s.lang == sop.English {
		return en
	}
	return id
}

var sampleZone = time.FixedZone("WIB", 7*60*60)

// at is a moment of the samples' week, which begins on Monday, 12 January 2026.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, 1, day, hour, minute, 0, 0, sampleZone)
}

func (s sampler) ticket() Ticket {
	return Ticket{
		ID: "IT-000123", Subject: s.pick("Printer lantai 2 macet", "VPN keeps dropping"), State: "open", Type: sop.Incident,
		Impact: sop.Individual, Urgency: sop.Medium, Priority: sop.P3, Evidence: map[string]string{"urgency": s.pick("tidak bisa mencetak", "keeps dropping")},
		Reporter: s.reporter(), AssetCodes: []string{s.pick("NB-FIN-0113", "ENG-LT-019")}, Screenshots: 1, Team: "Service Desk",
		CreatedAt: at(12, 9, 20), ResponseDue: at(12, 13, 20), ResolutionDue: at(14, 9, 20),
	}
}

func (s sampler) reporter() sop.Person {
	if s.lang == sop.English {
		return sop.Person{Address: "james@company.com", Name: "WHITFIELD, James (Engineering)", Department: "Engineering", Lang: sop.English}
	}
	return sop.Person{Address: "rina@company.com", Name: "WIJAYA, Rina (Finance)", Department: "Keuangan", Lang: sop.Indonesian}
}

// toReporter is the base of a notice to the reporter, toDesk of one to an agent.
func (s sampler) toReporter(kind sop.Kind) Data {
	return Data{
		Kind: kind, Lang: s.lang, Now: at(12, 9, 21), Company: Company{Name: "PT Contoh", Phone: "1500"}, To: s.reporter(), Sort: sop.Public,
		Ticket: s.ticket(), Ref: "IT-000123-abcdefghijklmnopqrstuvwxyz2345",
		Quote: &Quote{Author: s.reporter().Name, At: at(12, 9, 13), Text: s.words()},
	}
}

func (s sampler) toDesk(kind sop.Kind, sort sop.Sort) Data {
	d := s.toReporter(kind)
	d.To, d.ToDesk, d.Sort, d.Quote = sop.Person{Address: "andi@company.com", Name: "Andi Saputra", Lang: s.lang}, true, sort, nil
	return d
}

// said is a notice to the desk that carries somebody's words.
func (s sampler) said(kind sop.Kind, sort sop.Sort, author, role, words string) Data {
	d := s.toDesk(kind, sort)
	d.Author, d.Role, d.Words, d.At, d.Now = author, role, words, at(12, 10, 5), at(12, 10, 6)
	return d
}

func (s sampler) words() string {
	return s.pick("Selamat pagi,\n\nprinter lantai 2 macet, dokumen saya tidak bisa dicetak.\n#1 sudah saya matikan dan nyalakan\n\nTerima kasih", "Good morning,\n\nthe VPN keeps dropping every few minutes.\n#1 restarted it already\n\nThanks")
}

func (s sampler) buttons(names ...string) []Button {
	var buttons []Button
	for _, name := range names {
		b := Button{Name: name, URL: "mailto:helpdesk+abcdefghijklmnopqrstuvwxyz2345@company.com?subject=Re%3A%20%5BIT-000123%5D%20Printer&body=YA%0D%0A"}
		if name == "assign" {
			b.With = "Andi, 2"
		}
		buttons = append(buttons, b)
	}
	return buttons
}

func (s sampler) list() []Ticket {
	a, b := s.ticket(), s.ticket()
	a.Late, a.Assignee, a.Buttons = 5*time.Minute, "Andi Saputra", s.buttons("take", "assign")
	b.ID, b.Subject, b.Priority, b.Late, b.Buttons = "IT-000124", s.pick("Akses folder bersama", "Access to the shared folder"), sop.P2, 65*time.Minute, s.buttons("take")
	b.ResponseDue, b.Responded = at(12, 10, 20), true
	return []Ticket{a, b}
}

// with changes a sample.
func with(d Data, change func(*Data)) Data {
	change(&d)
	return d
}

func samplesIn(s sampler) map[string]Data {
	all := map[string]Data{}
	for _, some := range []map[string]Data{s.reports(), s.answers(), s.desk(), s.clocks(), s.statuses(), s.errors(), s.figures()} {
		maps.Copy(all, some)
	}
	return all
}

func (s sampler) reports() map[string]Data {
	missing := []string{sop.MissingName, sop.MissingDepartment, sop.MissingScreenshot}
	desk := func(kind sop.Kind) Data {
		d := s.said(kind, sop.Public, s.reporter().Name, "reporter", s.words())
		d.Now, d.Ticket.State = at(12, 9, 21), "new"
		d.Buttons = s.buttons("take", "assign")
		return d
	}
	return map[string]Data{
		"ack":       s.toReporter(sop.KindAck),
		"ack.bare":  {Kind: sop.KindAck, Lang: s.lang, Now: at(12, 9, 21), Ticket: Ticket{ID: "IT-000123"}, Ref: "IT-000123-abcdefghijklmnopqrstuvwxyz2345"},
		"ack.phone": with(s.toReporter(sop.KindAck), func(d *Data) { d.Ticket.Responded, d.Quote = true, nil }),
		"missing":   with(s.toReporter(sop.KindMissing), func(d *Data) { d.To.Name, d.Missing = "Joko Prasetyo", missing[1:] }),
		"missing.name": with(s.toReporter(sop.KindMissing), func(d *Data) {
			d.To.Name, d.Missing = "joko@company.com", missing[:1]
		}),
		"new": desk(sop.KindNew),
		"new.p1": with(desk(sop.KindNew), func(d *Data) {
			d.Ticket.Priority, d.Ticket.Impact, d.Ticket.Urgency, d.Ticket.Suspicious = sop.P1, sop.Company, sop.High, true
			d.Ticket.ResponseDue, d.Ticket.ResolutionDue = at(12, 9, 35), at(12, 13, 20)
			d.Ticket.Evidence = map[string]string{"impact": s.pick("semua cabang", "all branches"), "urgency": s.pick("mati", "down")}
			d.Files, d.Ticket.Linked = []string{"dump.zip"}, []string{"IT-000098"}
		}),
		"new.crowd": with(desk(sop.KindNew), func(d *Data) { d.Status = StatusCrowd }),
		"assigned":  with(desk(sop.KindAssigned), func(d *Data) { d.Ticket.Assignee = "Andi Saputra" }),
	}
}

func (s sampler) answers() map[string]Data {
	solution := s.pick("Kabel data diganti, driver dipasang ulang.", "Replaced the data cable, reinstalled the driver.")
	from := func(kind sop.Kind, words string) Data {
		return with(s.toReporter(kind), func(d *Data) {
			d.Author, d.Words, d.Now, d.At, d.Until = "Andi Saputra", words, at(12, 9, 13), at(12, 9, 13), at(13, 9, 13)
		})
	}
	asked := func(kind sop.Kind, words string) Data {
		return with(from(kind, words), func(d *Data) { d.Buttons = s.buttons("confirm", "dispute") })
	}
	closed := func(why Closing) Data {
		return with(from(sop.KindClosed, ""), func(d *Data) { d.Closing, d.Until = why, at(20, 9, 13) })
	}
	visit := func(how sop.CommandName) Data {
		return with(from(sop.KindScheduled, ""), func(d *Data) {
			d.Visit, d.Invited = &Visit{How: how, When: at(13, 14, 0), Who: "Andi Saputra"}, true
		})
	}
	return map[string]Data{
		"reply": from(sop.KindReply, s.pick("#1 masalah ada di kabel\n#2 kabel sudah diganti\n\nSilakan dicoba.", "#1 the cable was broken\n#2 it is replaced\n\nPlease try again.")),
		"paused": with(from(sop.KindPaused, ""), func(d *Data) {
			d.Reason, d.Until = s.pick("menunggu suku cadang", "waiting for parts"), at(15, 14, 35)
		}),
		"scheduled.onsite": visit(sop.Onsite),
		"scheduled.remote": visit(sop.Remote),
		"scheduled.desk": with(visit(sop.Onsite), func(d *Data) {
			d.ToDesk, d.To, d.Sort, d.Ticket.Assignee = true, sop.Person{Name: "Andi Saputra"}, sop.Public, "Andi Saputra"
		}),
		"resolved": asked(sop.KindResolved, solution),
		"resolved.long": asked(sop.KindResolved, solution+"\n\n"+
			s.pick("Kalau muncul lagi, matikan dulu printernya.", "If it comes back, switch the printer off first.")),
		"resolved.bare":  with(asked(sop.KindResolved, ""), func(d *Data) { d.Author, d.Until = "", time.Time{} }),
		"reminder":       asked(sop.KindReminder, solution),
		"closed.confirm": closed(ByConfirm),
		"closed.silence": with(closed(BySilence), func(d *Data) { d.Silence = 24 * time.Hour }),
		"closed.hand":    with(closed(ByHand), func(d *Data) { d.Reason = s.pick("laptop sudah diganti", "the laptop was replaced") }),
		"merged":         with(s.toReporter(sop.KindMerged), func(d *Data) { d.Merged = &Merge{"IT-000120", s.pick("SAP mati", "SAP is down")} }),
	}
}

func (s sampler) desk() map[string]Data {
	who := s.reporter().Name
	update := func(verdict sop.Verdict, words string) Data {
		return with(s.said(sop.KindUpdate, sop.Public, who, "reporter", words), func(d *Data) {
			d.Verdict, d.Ticket.Assignee, d.Ticket.Responded = verdict, "Andi Saputra", true
		})
	}
	return map[string]Data{
		"update":         update("", s.pick("Tadi sempat bisa, sekarang macet lagi.", "It worked for a while, now it is stuck again.")),
		"update.unclear": update(sop.Unclear, s.pick("nanti saya coba", "I will try later")),
		"update.confirm": with(update(sop.Confirm, s.pick("sudah bisa", "works")), func(d *Data) { d.Role = "co-reporter" }),
		"update.thanks":  with(update(sop.Confirm, s.pick("sudah bisa, makasih", "works, thanks")), func(d *Data) { d.Ticket.State, d.Buttons = "closed", nil }),
		"update.dispute": with(update(sop.Dispute, s.pick("masih rusak", "still broken")), func(d *Data) { d.Role, d.Marked = "stranger", true }),
		"update.other":   update(sop.Other, s.pick("sudah bisa, tetapi sekarang wifi mati", "works, but now the wifi is down")),
		"reopened": with(s.said(sop.KindReopened, sop.Public, who, "reporter", s.pick("ternyata masih rusak", "it is still broken")), func(d *Data) {
			d.Verdict, d.Ticket.Responded = sop.Dispute, true
		}),
		"reopened.other": with(s.said(sop.KindReopened, sop.Public, who, "reporter", s.pick("ada masalah baru", "there is a new problem")), func(d *Data) { d.Verdict, d.Marked = sop.Other, true }),
		"reopened.bare":  s.said(sop.KindReopened, sop.Public, "", "", ""),
		"note":           s.said(sop.KindNote, sop.Internal, "Rudi Hartono", "agent", s.pick("Printer ini sudah tiga kali macet.", "This printer got stuck three times.")),
		"undeliverable": with(s.toDesk(sop.KindUndeliverable, sop.Internal), func(d *Data) {
			p := s.reporter()
			d.Failed, d.Reason, d.Words, d.Ticket.State = &p, "550 5.1.1 no such user", s.pick("Silakan dicoba.", "Please try again."), "resolved"
		}),
	}
}

func (s sampler) clocks() map[string]Data {
	late := func(kind sop.Kind, clock string, by time.Duration) Data {
		return with(s.toDesk(kind, sop.Internal), func(d *Data) {
			d.Ticket.Priority, d.Ticket.Impact, d.Ticket.Urgency = sop.P1, sop.Company, sop.High
			d.Ticket.Subject = s.pick("SAP mati di semua cabang", "SAP is down at all branches")
			d.Ticket.CreatedAt, d.Ticket.ResponseDue, d.Ticket.ResolutionDue = at(11, 2, 0), at(11, 2, 15), at(11, 6, 0)
			d.Now, d.Late, d.Buttons = at(11, 2, 15).Add(by), &Late{Clock: clock, Due: at(11, 2, 15), By: by, Level: 1}, s.buttons("take", "assign")
		})
	}
	bundle := func(kind sop.Kind) Data {
		return with(s.toDesk(kind, sop.Internal), func(d *Data) {
			d.Ticket, d.Ref, d.List = Ticket{}, "", s.list()
			if kind == sop.KindWarning {
				d.List[0].Late, d.List[1].Late = -4*time.Minute, -40*time.Minute
			}
		})
	}
	reason := s.pick("butuh izin", "needs a permission")
	return map[string]Data{
		"warning":        late(sop.KindWarning, "response", -4*time.Minute),
		"warning.solve":  with(late(sop.KindWarning, "resolution", -40*time.Minute), func(d *Data) { d.Ticket.Responded, d.Ticket.Assignee = true, "Andi Saputra" }),
		"warning.pause":  with(s.toDesk(sop.KindWarning, sop.Internal), func(d *Data) { d.Status, d.Ticket.Responded, d.Reason = StatusPauseOver, true, reason }),
		"warning.bundle": bundle(sop.KindWarning),
		"breach": with(late(sop.KindBreach, "response", 5*time.Minute), func(d *Data) {
			d.Told, d.Late.NextLevel, d.Late.NextAt = []Told{{"team", at(11, 2, 11)}}, "manager", at(11, 2, 30)
		}),
		"breach.climb": with(late(sop.KindBreach, "resolution", 30*time.Minute), func(d *Data) {
			d.Late.Level, d.Late.ByChange, d.Told = 2, true, []Told{{"team", at(11, 2, 11)}, {"lead", at(11, 2, 15)}}
		}),
		"breach.bundle":     bundle(sop.KindBreach),
		"escalated":         with(s.said(sop.KindEscalated, sop.Internal, "Andi Saputra", "agent", ""), func(d *Data) { d.Reason = reason }),
		"escalated.dispute": with(s.said(sop.KindEscalated, sop.Internal, s.reporter().Name, "reporter", s.pick("masih rusak", "still broken")), func(d *Data) { d.Verdict = sop.Dispute }),
		"escalated.late":    with(late(sop.KindEscalated, "response", 15*time.Minute), func(d *Data) { d.Late.Level, d.Told = 2, []Told{{"lead", at(11, 2, 15)}} }),
		"escalated.bundle":  bundle(sop.KindEscalated),
	}
}

func (s sampler) statuses() map[string]Data {
	status := func(which Status, ticket bool) Data {
		return with(s.toDesk(sop.KindStatus, sop.Internal), func(d *Data) {
			if d.Status = which; !ticket {
				d.Ticket, d.Ref = Ticket{}, ""
			}
		})
	}
	away := func(d *Data) { d.Author, d.Until = "Rudi Hartono", at(30, 8, 0) }
	words := s.pick("Silakan dicoba lagi.", "Please try again.")
	return map[string]Data{
		"status.ticket":   status(StatusOfTicket, true),
		"status.mine":     with(status(StatusOfAgent, false), func(d *Data) { d.List = s.list(); d.List[0].Buttons, d.List[1].Buttons = nil, nil }),
		"status.idle":     status(StatusOfAgent, false),
		"status.note":     with(status(StatusNote, true), func(d *Data) { d.Words, d.Buttons = words, s.buttons("reply") }),
		"status.unsent":   with(status(StatusUnsent, true), func(d *Data) { d.Words, d.Ticket.State = words, "rejected" }),
		"status.unobeyed": with(status(StatusUnobeyed, true), func(d *Data) { d.Words, d.At = words, at(12, 9, 15) }),
		"status.away":     with(status(StatusAway, false), func(d *Data) { away(d); d.List = s.list() }),
		"status.free":     with(status(StatusAway, false), away),
		"status.back":     with(status(StatusBack, false), away),
		"help":            with(s.toDesk(sop.KindHelp, sop.Internal), func(d *Data) { d.Ticket, d.Ref = Ticket{}, "" }),
		"help.ticket":     s.toDesk(sop.KindHelp, sop.Internal),
	}
}

func (s sampler) errors() map[string]Data {
	wrong := func(e Error) Data {
		return with(s.toDesk(sop.KindError, sop.Internal), func(d *Data) {
			if e.Body == "" {
				e.Body = e.Word + "\n" + s.pick("Sudah kami perbaiki.", "We have mended it.")
			}
			d.Error, d.Now, d.Buttons = &e, at(12, 12, 38), s.buttons("mend", "plain")
		})
	}
	resolve := s.pick("#selesai", "#resolve")
	return map[string]Data{
		"error.unknown":   wrong(Error{Problem: "unknown", Word: s.pick("#selesei", "#resolv"), Nearest: resolve, Line: 1}),
		"error.misplaced": wrong(Error{Problem: "misplaced", Word: resolve, Line: 4}),
		"error.argument":  wrong(Error{Problem: "argument", Word: "#pending", Line: 1, Detail: s.pick("kapan-kapan", "some day"), Body: s.pick("#tunda kapan-kapan", "#pending some day")}),
		"error.nothing":   wrong(Error{Problem: "argument", Word: "#close", Body: s.pick("#tutup", "#close")}),
		"error.state": with(wrong(Error{Problem: "state", Word: resolve, Detail: "merged"}), func(d *Data) {
			d.Ticket.State, d.Merged = "merged", &Merge{Into: "IT-000120"}
		}),
		"error.conflict": wrong(Error{Problem: "conflict", Word: s.pick("#catatan", "#note"), Detail: resolve}),
		"error.both":     wrong(Error{Problem: "conflict", Body: s.pick("#catatan\n#selesai", "#note\n#resolve")}),
		"error.tickets":  wrong(Error{Problem: "tickets", Detail: "IT-000123, IT-000124"}),
		"error.for": with(wrong(Error{Problem: "for", Word: "#for", Body: s.pick("#prioritas p2", "#priority p2")}), func(d *Data) {
			d.Ticket, d.Ref, d.Buttons = Ticket{}, "", nil
		}),
		"error.who":   wrong(Error{Problem: "for", Word: "#for", Detail: "rina@example.com"}),
		"error.empty": wrong(Error{Problem: "empty", Word: s.pick("#balas", "#reply")}),
		"error.long":  with(wrong(Error{Problem: "unknown", Word: s.pick("#selesei", "#resolv"), Nearest: resolve, Line: 1}), func(d *Data) { d.Buttons = nil }),
	}
}
