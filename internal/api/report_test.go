package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"helpost/internal/report"
)

// figuresOf is a report with groups whose names a reporter or an agent chose.
func figuresOf(keys ...string) report.Report {
	p, s := 66.6, int64(540)
	r := report.Report{Document: "SOP-IT-GEN-001 rev 01", Period: "2026-01", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), By: report.ByDepartment, Rows: []report.Row{}}
	for _, k := range keys {
		r.Rows = append(r.Rows, report.Row{Key: k, Received: 3, Response: report.Target{Met: 2, Missed: 1, Percent: &p, Count: 3, Median: &s}})
	}
	r.Total = report.Row{Key: "total", Received: 3 * len(keys)}
	return r
}

func TestNoCellOfAReportIsAFormula(t *testing.T) {
	keys := []string{"Keuangan", "", `=HYPERLINK("http://example.com","x")`, "+1", "-1", "@SUM(A1)", "\t=1+1", "＝1", " =1", "a\r\nb,\"c\""}
	for _, volume := range []bool{false, true} {
		var out bytes.Buffer
		if err := WriteReportCSV(&out, figuresOf(keys...), volume); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(lines) != len(keys)+2 {
			t.Fatalf("%d lines: %v", len(lines), err)
		}
		for _, line := range lines {
			if len(line) != len(lines[0]) {
				t.Errorf("a line has %d cells, the names are %d", len(line), len(lines[0]))
			}
			for _, c := range line {
				if first := strings.TrimLeft(c, " \t\u00a0"); first != "" && strings.ContainsRune("=+-@＝", []rune(first)[0]) {
					t.Errorf("%q is a formula", c)
				}
			}
		}
		if last := lines[len(lines)-1]; last[3] != "total" || lines[1][3] != "group" || lines[1][4] != "Keuangan" || lines[0][4] != "department" {
			t.Errorf("the rows are not named: %v, %v", lines[1], last)
		}
	}
}

func TestTheColumnsOfAReportAreTheFieldsOfItsObject(t *testing.T) {
	object, err := json.Marshal(figuresOf("Keuangan").Rows[0])
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(object, &fields); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for name, v := range fields {
		if inner, ok := v.(map[string]any); ok {
			for k := range inner {
				want[name+"_"+k] = true
			}
		} else if name != "key" {
			want[name] = true
		}
	}
	got := map[string]bool{}
	for _, f := range append(slicesOf(slaFigures), volumeFigures...) {
		got[f.name] = true
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the columns are %v, the fields %v", got, want)
	}
}

func slicesOf(f []figure) []figure { return append([]figure(nil), f...) }

func TestAReportIsAskedForOnTheControlSide(t *testing.T) {
	w := newWorld(t)
	c := InProcess(w.Control())
	if _, err := c.Report(context.Background(), report.Ask{}); !IsUnknown(err) {
		t.Errorf("without reports it is %v", err)
	}
	var asked report.Ask
	w.Figures = func(_ context.Context, a report.Ask) (report.Report, error) {
		if asked = a; a.Team != "desk" {
			return report.Report{}, report.UnknownTeam(a.Team)
		}
		return figuresOf("=1"), nil
	}
	ask := report.Ask{Period: "2026-W03", By: report.ByDepartment, Team: "desk"}
	r, err := c.Report(context.Background(), ask)
	if err != nil || asked != ask || !reflect.DeepEqual(r, figuresOf("=1")) {
		t.Errorf("asked for %+v it is %+v: %v", asked, r, err)
	}
	if _, err := c.Report(context.Background(), report.Ask{Team: "x"}); !IsMistaken(err) {
		t.Errorf("an unknown team is %v", err)
	}
	if a := w.ask("GET", "/control/report"); a.Code != 404 {
		t.Errorf("on the public side it is %d", a.Code)
	}
}
