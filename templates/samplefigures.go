package templates

import (
	"time"

	"helpost/internal/sop"
)

// figures are the samples of what goes out by itself.
func (s sampler) figures() map[string]Data {
	plain := func(kind sop.Kind) Data {
		d := s.toDesk(kind, sop.Internal)
		d.Ticket, d.Ref, d.Now = Ticket{}, "", at(19, 7, 0)
		d.To = sop.Person{Address: "sari@company.com", Name: "Sari Dewi", Lang: s.lang}
		return d
	}
	row := func(key string, n int, response, resolution Kept) FigureRow {
		return FigureRow{Key: key, Received: n, Incidents: n - n/4, Requests: n / 4, Decided: n / 3, Disputes: n / 8, Confirmed: n / 2, Silent: n / 5, Open: n / 10,
			Awaiting: n / 10, OpenDay: n / 10, Now: n / 10, Response: response, Resolution: resolution}
	}
	kept := func(met, missed, running int, percent, gross float64, median, p90 time.Duration) Kept {
		return Kept{Met: met, Missed: missed, Running: running, Count: met + missed, Percent: percent, Gross: gross, Median: median, P90: p90}
	}
	changed := func(k Kept) Kept { k.ByChange, k.Unowed = 1, 2; return k }
	figures := &Figures{
		Period: "2026-W03", From: at(12, 0, 0), To: at(18, 23, 59), At: at(19, 7, 0), Team: "service-desk", Document: "SOP-IT-GEN-001 rev 01",
		Head:  "2026-01-18 1288 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Total: row("", 62, changed(kept(53, 4, 2, 92.9, 91.2, 9*time.Minute, 50*time.Minute)), kept(51, 3, 8, 94.4, 85.1, 3*time.Hour, 26*time.Hour)),
		Groups: []FigureGroup{{By: "priority", Rows: []FigureRow{
			row("P1", 2, kept(2, 0, 0, 100, 100, 4*time.Minute, 6*time.Minute), kept(1, 1, 0, 50, 50, 150*time.Minute, 5*time.Hour)),
			row("P2", 0, Kept{Percent: -1, Gross: -1}, Kept{Percent: -1, Gross: -1}),
			row("P3", 60, changed(kept(51, 4, 2, 92.7, 90.9, 10*time.Minute, 55*time.Minute)), kept(50, 2, 8, 96.1, 86.5, 3*time.Hour, 27*time.Hour)),
		}}},
	}
	figures.Total.OpenWeek, figures.Total.OpenOlder, figures.Total.Now, figures.Total.ByHand, figures.Total.Merged, figures.Total.Reopened = 2, 1, 9, 5, 3, 1
	all := *figures
	all.Period, all.Team, all.Head, all.From, all.To = "2025-12", "", "", time.Date(2025, 12, 1, 0, 0, 0, 0, sampleZone), time.Date(2025, 12, 31, 23, 59, 0, 0, sampleZone)
	all.Groups = append(all.Groups[:1:1], FigureGroup{By: "department", Rows: []FigureRow{
		row("Keuangan | Pajak", 40, kept(30, 10, 0, 75, 75, time.Hour, 5*time.Hour), kept(40, 0, 0, 100, 80, time.Hour, 5*time.Hour)),
		row("", 22, kept(22, 0, 0, 100, 100, time.Hour, 2*time.Hour), kept(22, 0, 0, 100, 100, time.Hour, 2*time.Hour)),
	}})
	list := func(state string) []Ticket {
		tickets := s.list()
		for i := range tickets {
			tickets[i].Buttons, tickets[i].State = nil, state
		}
		return tickets
	}
	return map[string]Data{
		"report":         with(plain(sop.KindReport), func(d *Data) { d.Figures = figures }),
		"report.monthly": with(plain(sop.KindReport), func(d *Data) { d.Figures, d.Now = &all, at(1, 7, 0) }),
		"report.none": with(plain(sop.KindReport), func(d *Data) {
			d.Figures = &Figures{Period: "2026-W03", From: at(12, 0, 0), To: at(18, 23, 59), At: at(19, 7, 0), Total: FigureRow{Response: Kept{Percent: -1, Gross: -1}, Resolution: Kept{Percent: -1, Gross: -1}}}
		}),
		"morning": with(plain(sop.KindMorning), func(d *Data) {
			d.Now, d.Due, d.List, d.Awaiting = at(12, 8, 0), list("open"), list("pending")[1:], list("resolved")[:1]
		}),
		"morning.one": with(plain(sop.KindMorning), func(d *Data) { d.Now, d.List, d.ListCount = at(12, 8, 0), list("new")[:1], 120 }),
	}
}
