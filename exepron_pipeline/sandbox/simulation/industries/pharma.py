"""Pharmaceutical development: from a candidate to the clinic."""

from exepron_pipeline.sandbox.simulation.industries.model import Industry, Skill, Step

_SKILLS = (
    Skill("Medicinal chemist", "Discovery", 200, "118.00"),
    Skill("Analytical scientist", "CMC", 300, "104.50"),
    Skill("Formulation scientist", "CMC", 200, "109.00"),
    Skill("Toxicologist", "Non-clinical", 150, "131.25"),
    Skill("Clinical operations", "Clinical", 300, "98.00"),
    Skill("Biostatistician", "Clinical", 150, "125.00"),
    Skill("Data manager", "Clinical", 200, "88.10"),
    Skill("Medical writer", "Regulatory", 200, "95.00", multitasks=True),
    Skill("Regulatory affairs", "Regulatory", 200, "121.75"),
    Skill("QA / QP", "Quality", 150, "116.00", multitasks=True),
)

_STREAMS = {
    "CMC": (
        Step("Route scouting", "Medicinal chemist", 7),
        Step("Method development (HPLC)", "Analytical scientist", 6),
        Step("Forced degradation", "Analytical scientist", 5),
        Step("Prototype formulation", "Formulation scientist", 6),
        Step("Engineering batch", "Formulation scientist", 5),
        Step("Batch record review", "QA / QP", 3),
        Step("GMP batch release", "QA / QP", 2),
    ),
    "Non-clinical": (
        Step("Protocol, GLP", "Toxicologist", 4),
        Step("Dose range finding", "Toxicologist", 8),
        Step("Bioanalysis of samples", "Analytical scientist", 5),
        Step("Histopathology", "Toxicologist", 6),
        Step("Draft study report", "Medical writer", 5),
        Step("QA statement", "QA / QP", 2),
    ),
    "Clinical set-up": (
        Step("Synopsis", "Medical writer", 3),
        Step("Protocol and informed consent", "Medical writer", 6),
        Step("Site selection visits", "Clinical operations", 8),
        Step("Contracts with sites", "Clinical operations", 7),
        Step("Ethics submission", "Regulatory affairs", 4),
        Step("Site initiation", "Clinical operations", 3),
    ),
    "Data": (
        Step("Case report form", "Data manager", 5),
        Step("Edit checks", "Data manager", 4),
        Step("Statistical analysis plan", "Biostatistician", 6),
        Step("Randomisation list", "Biostatistician", 1),
        Step("Dry run of tables, listings, figures", "Biostatistician", 5),
        Step("User acceptance test", "Data manager", 3),
    ),
    "Supply": (
        Step("Blinding concept", "Clinical operations", 2),
        Step("Comparator sourcing", "Clinical operations", 6),
        Step("Labels (DE/EN/FR/日本語)", "Regulatory affairs", 3),
        Step("Packaging run", "Formulation scientist", 4),
        Step("QP certification", "QA / QP", 1),
    ),
    "Dossier": (
        Step("Gap analysis", "Regulatory affairs", 4),
        Step("Module 3 draft", "Regulatory affairs", 7),
        Step("Investigator's brochure", "Medical writer", 6),
        Step("Scientific advice questions", "Regulatory affairs", 4),
        Step("Internal review", "Medical writer", 3),
    ),
}

PHARMA = Industry(
    skills=_SKILLS,
    opening=(
        Step("Target product profile", "Regulatory affairs", 3),
        Step("Development plan sign-off", "Clinical operations", 2),
    ),
    streams=_STREAMS,
    closing=(
        Step("Assemble IND/CTA package", "Regulatory affairs", 5),
        Step("Quality check of submission", "QA / QP", 2),
        Step("Submit and answer questions", "Regulatory affairs", 6),
        Step("First subject, first visit", "Clinical operations", 3),
        Step("Governance decision", "Clinical operations", 1),
    ),
    subjects=("HLX-104", "HLX-220 p.o.", "paediatric arm", "bridging study", "device", "β-lactam series"),
    parts=("cohort 1", "cohort 2", "EU", "US"),
    projects=("Phase I", "Phase II a", "Tech transfer", "Line extension", "Biosimilar comparability"),
    customers=(
        "HLX-104",
        "HLX-220",
        "HLX-317 (“Aurora”)",
        "in-licensed: ナノ社 NX-9",
        "orphan, β-galactosidase",
    ),
    groups=("Oncology", "Rare diseases", "Established products"),
    objectives=(
        "First subject dosed by year end, without a protocol amendment before the interim analysis.",
        'Move the drug product to the second site; comparability shown by three batches, "master" protocol applies, deviations under change control.',
        "Go/no-go, then partner.",
        None,
    ),
    reason_codes=(
        ("Protocol amendment", "#1F4B99"),
        ("Site or vendor late", "#C23030"),
        ("Out of specification result", "#8F398F"),
        ("Authority question", "#D9822B"),
        ("Shared lab busy", "#634DBF"),
        ("Document rework", None),
    ),
)
