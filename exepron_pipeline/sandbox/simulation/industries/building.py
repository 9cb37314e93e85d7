"""Construction: hospitals, schools, housing and offices."""

from exepron_pipeline.sandbox.simulation.industries.model import Industry, Skill, Step

_SKILLS = (
    Skill("Architect", "Design", 200, "89.00"),
    Skill("Structural engineer", "Design", 150, "93.50"),
    Skill("Quantity surveyor", "Commercial", 150, "76.00", multitasks=True),
    Skill("Site manager", "Site", 200, "82.00"),
    Skill("Groundworks crew", "Crews", 200, "198.00"),
    Skill("Concrete crew", "Crews", 200, "224.50"),
    Skill("Bricklayers", "Crews", 200, "176.00"),
    Skill("M&E crew", "Crews", 250, "188.00"),
    Skill("Finishing crew", "Crews", 300, "149.90"),
)

_STREAMS = {
    "Ground": (
        Step("Setting out", "Site manager", 2),
        Step("Excavation", "Groundworks crew", 6),
        Step("Drainage", "Groundworks crew", 4),
        Step("Blinding and rebar", "Concrete crew", 4),
        Step("Pour foundations", "Concrete crew", 3),
        Step("Backfill", "Groundworks crew", 2),
    ),
    "Frame": (
        Step("Reinforcement drawings", "Structural engineer", 5),
        Step("Formwork", "Concrete crew", 5),
        Step("Pour slab", "Concrete crew", 3),
        Step("Columns and walls", "Concrete crew", 6),
        Step("Strike and back-prop", "Concrete crew", 3),
        Step("Cube test results, 28 d waived to 7 d", "Structural engineer", 1),
    ),
    "Envelope": (
        Step("Façade details", "Architect", 5),
        Step("Order windows", "Quantity surveyor", 4),
        Step("Blockwork", "Bricklayers", 7),
        Step("Windows and doors", "Finishing crew", 5),
        Step("Roof membrane", "Finishing crew", 4),
        Step("Air-tightness test", "Site manager", 1),
    ),
    "Services": (
        Step("M&E coordination drawings", "Architect", 4),
        Step("First fix, electrical", "M&E crew", 6),
        Step("First fix, water & heating", "M&E crew", 6),
        Step("Ventilation ducts", "M&E crew", 5),
        Step("Second fix", "M&E crew", 5),
        Step("Balancing", "M&E crew", 2),
    ),
    "Interior": (
        Step("Partition walls", "Finishing crew", 6),
        Step("Screed", "Concrete crew", 3),
        Step("Plastering", "Finishing crew", 5),
        Step("Tiling", "Finishing crew", 5),
        Step("Painting", "Finishing crew", 4),
        Step("Joinery", "Finishing crew", 4),
    ),
}

BUILDING = Industry(
    skills=_SKILLS,
    opening=(
        Step("Design freeze", "Architect", 3),
        Step("Bill of quantities", "Quantity surveyor", 4),
        Step("Site set-up", "Site manager", 2),
    ),
    streams=_STREAMS,
    closing=(
        Step("External works", "Groundworks crew", 6),
        Step("Commissioning of services", "M&E crew", 4),
        Step("Snagging", "Site manager", 4),
        Step("Fire officer's inspection", "Site manager", 1),
        Step("Handover to client", "Site manager", 1),
    ),
    subjects=("block A", "block B", "west wing", "car park", "Áras na nGael hall", "level 3"),
    parts=("bay 1-4", "bay 5-8", "stair core", "grid C/7"),
    projects=("School extension", "Apartments", "Day clinic", "Office refurbishment", "Car park"),
    customers=("Cork Co. Council", "St. Brigid's Trust", "Ó Súilleabháin Homes", "Søndergaard REIT, plc"),
    groups=("Public", "Private"),
    objectives=(
        "Handover before the school year begins.",
        'Live site: the hospital stays open; noisy work only 09:00-16:00, "hot work" by permit.',
        "",
        None,
    ),
    reason_codes=(
        ("Weather", "#1F4B99"),
        ("Subcontractor no-show", "#C23030"),
        ("Design query open", "#D9822B"),
        ("Inspection failed", "#8F398F"),
        ("Material late", None),
    ),
)
