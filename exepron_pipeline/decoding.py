"""How pages of an entity set are understood in a run: types, the policy for personal data, unknown fields.

Here: what the settings, the catalogue and those who were forgotten make of a set. Not here: decoding (``normalise``).
"""

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.catalogue.fields import Contract
from exepron_pipeline.catalogue.people import people_in
from exepron_pipeline.engine import Engine
from exepron_pipeline.normalise import Decoder, personal_key
from exepron_pipeline.normalise.forgotten import Blanking
from exepron_pipeline.odata.dialect import DIALECTS


def decoder_of(engine: Engine, entity_set: EntitySet, account_id: str, generation: str) -> Decoder:
    """What decodes pages of an entity set of an account, as a generation writes them."""
    policy = engine.settings.personal
    return Decoder(
        entity_set,
        generation=generation,
        dialect=DIALECTS[generation],
        account_id=account_id,
        zone=engine.settings.timezone,
        personal=policy,
        hash_key=personal_key(engine.settings.state_dir) if policy == "hash" else None,
        discards=contract_of(engine, entity_set) == "discard",
        blank=blanking_of(engine, entity_set),
    )


def blanking_of(engine: Engine, entity_set: EntitySet) -> Blanking | None:
    """What blanks those who were forgotten in pages of the set; None where it names none."""
    naming = people_in(engine.catalogue).get(entity_set.name) if engine.forgotten else None
    return Blanking(entity_set, naming, engine.forgotten) if naming else None


def contract_of(engine: Engine, entity_set: EntitySet) -> Contract:
    """What becomes of fields that the catalogue does not name."""
    return entity_set.contract or engine.settings.contract
