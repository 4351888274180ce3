package show

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"helpost/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// january is a month's figures.
func january() report.Report {
	zone := time.FixedZone("WIB", 7*3600)
	share := func(p float64) *float64 { return &p }
	long := func(s int64) *int64 { return &s }
	target := func(met, missed int, p, gross float64) report.Target {
		return report.Target{Met: met, Missed: missed, Running: 1, Percent: share(p), GrossMet: met, GrossMissed: missed, GrossPercent: share(gross), Count: met + missed,
			Median: long(547), P90: long(3 * 3600), GrossMedian: long(2*86400 + 7200), GrossP90: long(59)}
	}
	head := "2026-01-31 1288 9f86d081884c7d65"
	return report.Report{
		Document: "SOP-IT-GEN-001 rev 01", Period: "2026-01", From: time.Date(2026, 1, 1, 0, 0, 0, 0, zone), To: time.Date(2026, 2, 1, 0, 0, 0, 0, zone),
		At: time.Date(2026, 2, 1, 7, 0, 0, 0, zone), Timezone: "Asia/Jakarta", By: report.ByDepartment, RecordHead: &head,
		Rows: []report.Row{
			{Key: "Keuangan", Received: 120, Incidents: 100, ServiceRequests: 20, P3: 120, Response: target(100, 19, 84.0, 80.6), Resolution: target(119, 0, 100, 97.4), OpenNow: report.Ages{Day: 3, Older: 1}},
			{Key: "Pengadaan & gudang\x1b[31m\nnakal", Received: 7, Incidents: 7, P1: 7, DecidedByAgent: 2, Response: target(1, 5, 16.6, 16.6), Disputes: 1, ByHand: 2},
			{Key: "", Received: 0},
		},
		Total: report.Row{Key: "total", Received: 127, Incidents: 107, ServiceRequests: 20, Response: target(101, 24, 80.8, 77.6), Resolution: target(119, 0, 100, 97.4), OpenNow: report.Ages{Day: 3, Older: 1}},
	}
}

func TestReportsAreAsTheGoldenFilesShowThem(t *testing.T) {
	for name, c := range map[string]struct{ volume, bars bool }{"sla": {false, false}, "sla.bars": {false, true}, "volume": {true, false}, "volume.bars": {true, true}} {
		var out bytes.Buffer
		if err := Report(&out, january(), c.volume, c.bars); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "report."+name+".txt")
		if *update {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || string(want) != out.String() {
			t.Errorf("%s is (%v)\n%s", file, err, out.String())
		}
	}
}
