"""All records of a kind, a page at a time, are what each is when asked for by itself."""

from pathlib import Path

import orjson
import pytest

from console.projection.delivery import Delivery
from console.projection.store import Store
from console.projection.tables import Known
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState, SideState, to_row
from tests.support.capturing import crm, erp
from tests.unit.console.records import delivery
from tests.unit.console.scene import Scene
from tests.unit.watch.books import customer, row


@pytest.mark.parametrize("size", [1, 2, 3, 500])
def test_a_page_holds_what_each_record_is_by_itself(tmp_path: Path, size: int):
    scene = Scene(tmp_path)
    for number in range(7):
        scene.see(erp(f"a{number}", Name=f"Acme {number}"), crm(str(number), name=f"Acme {number}"))
    store = scene.store()
    known = Known(store, "main")
    found = list(known.each(Entity.COMPANY, size))
    names = [each for each in known.all() if each.startswith("company:")]
    assert [state.id for state, _ in found] == names
    assert len(found) >= 7
    for state, owner in found:
        by_itself = known.customer_of(state.id) or ""
        assert (state, owner) == (known.state(by_itself, state.id), known.customer(by_itself))
    assert list(known.each(Entity.PRODUCT, size)) == []
    store.close()


def moved(offset: int, place: str, name: str) -> Delivery:
    state = EntityState(entity=Entity.COMPANY, id="company:2")
    state.crm = SideState(ref="hubspot/company/2", fields={"name": name})
    return row(offset, f"r|main|{place}|company:2", to_row(state))


@pytest.mark.parametrize("size", [1, 500])
def test_a_record_that_has_moved_comes_once_with_the_customer_that_it_is_of_now(store: Store, size: int):
    alone = EntityState(entity=Entity.COMPANY, id="company:3", crm=SideState(ref="hubspot/company/3"))
    store.apply([customer(0), moved(1, "company:1", "before"), moved(2, "company:9", "after")])
    store.apply([row(3, "r|main|company:3|company:3", to_row(alone))])
    body = orjson.dumps({"customer": "company:9", "canonical": "company:2"})
    store.apply([delivery("tables.known", 0, body, orjson.dumps("i|main|r|hubspot/company/2").decode())])
    known = Known(store, "main")
    found = {state.id: (state, owner) for state, owner in known.each(Entity.COMPANY, size)}
    assert found == {
        "company:2": (known.state("company:9", "company:2"), CustomerState(id="company:9")),
        "company:3": (alone, CustomerState(id="company:3")),
    }
