package workflow

import (
	"strings"

	"helpost/internal/sop"
)

// The words that the arguments of commands may have, in both languages.
var (
	priorityWords = map[string]sop.Priority{
		"p1": sop.P1, "1": sop.P1, "critical": sop.P1, "kritis": sop.P1, "darurat": sop.P1,
		"p2": sop.P2, "2": sop.P2, "high": sop.P2, "tinggi": sop.P2, "urgent": sop.P2,
		"p3": sop.P3, "3": sop.P3, "normal": sop.P3, "biasa": sop.P3, "rendah": sop.P3, "low": sop.P3,
	}
	impactWords = map[string]sop.Impact{
		"company": sop.Company, "perusahaan": sop.Company, "semua": sop.Company, "whole company": sop.Company, "seluruh perusahaan": sop.Company,
		"department": sop.Department, "departemen": sop.Department, "divisi": sop.Department, "bagian": sop.Department, "dept": sop.Department,
		"individual": sop.Individual, "individu": sop.Individual, "perorangan": sop.Individual, "pribadi": sop.Individual, "satu orang": sop.Individual, "person": sop.Individual,
	}
	urgencyWords = map[string]sop.Urgency{
		"high": sop.High, "tinggi": sop.High, "mendesak": sop.High, "urgent": sop.High,
		"medium": sop.Medium, "sedang": sop.Medium, "menengah": sop.Medium, "normal": sop.Medium,
		"low": sop.Low, "rendah": sop.Low,
	}
	typeWords = map[string]sop.Type{
		"insiden": sop.Incident, "incident": sop.Incident, "gangguan": sop.Incident,
		"permintaan": sop.ServiceRequest, "request": sop.ServiceRequest, "service request": sop.ServiceRequest, "layanan": sop.ServiceRequest,
	}
)

// fold makes an argument comparable: lower case, single blanks, no closing mark.
func fold(s string) string {
	return strings.TrimRight(strings.ToLower(strings.Join(strings.Fields(s), " ")), ".,!")
}
