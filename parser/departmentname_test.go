package parser

import "testing"

// A department of the company's own is known by its usual names too, unless the configuration gives those to another.
func TestADepartmentIsKnownByItsUsualNames(t *testing.T) {
	p := newParser(t, Options{Departments: []Department{
		{Name: "Keuangan"}, {Name: "Departemen SDM"}, {Name: "Sales"}, {Name: "Penjualan Ekspor", Words: []string{"penjualan"}}, {Name: "Gudang Pusat", Words: []string{"WH"}},
	}})
	for said, want := range map[string]string{
		"FIN": "Keuangan", "Finance": "Keuangan", "keuangan": "Keuangan", "Finance Department": "Keuangan", "HRD": "Departemen SDM", "Human Resources": "Departemen SDM",
		"warehouse": "Gudang Pusat", "Sales": "Sales", "Penjualan": "Penjualan Ekspor", "Legal": "Legal", "IT": "IT",
	} {
		if got := p.words.tidyDepartment(said); got != want {
			t.Errorf("%s is %s, want %s", said, got, want)
		}
	}
}

func TestNoNameMeansTwoDepartments(t *testing.T) {
	all, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, line := range all.phrases("department/same") {
		for _, name := range splitSame(line) {
			if seen[name] {
				t.Errorf("%q stands twice in [same]", name)
			}
			seen[name] = true
		}
	}
}
