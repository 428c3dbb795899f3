"""C10: clusters of the same place and the same topic."""

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from ticketing.places import locate
from ticketing.surges.clusters import ClusterCase, clusters

_ids = count(1)
LIGHTS = ["路灯不亮", "路灯损坏", "门前路灯不亮", "夜里路灯不亮", "路灯坏了"]


def case(title: str, address: str, category: int | None = None) -> ClusterCase:
    return ClusterCase(case_id=next(_ids), title=title, address=address, category_id=category)


def test_same_place_and_topic() -> None:
    lights = [case(title, "东区人民路18号") for title in LIGHTS]
    others = [case("物业乱收费", "东区人民路18号"), case("路灯不亮", "西区解放路3号")]
    (found,) = clusters([*lights, *others], min_cases=5)
    assert found.place == "人民路18号"
    assert found.words == ("路灯", "灯不亮")
    assert found.category_id is None
    assert found.cases == tuple(each.case_id for each in lights)
    assert clusters(lights[:4], min_cases=5) == []


def test_the_sub_class_is_a_topic() -> None:
    titles = ["没水", "自来水断了", "水龙头打不开", "全楼洗不了澡", "停水"]
    cases = [case(title, "阳光花园3栋", 7) for title in titles]
    (found,) = clusters(cases, min_cases=5)
    assert (found.place, found.category_id, len(found.cases)) == ("阳光花园", 7, 5)


def test_the_road_where_the_numbers_differ() -> None:
    cases = [case(title, f"人民路{n}号") for n, title in enumerate(LIGHTS)]
    (found,) = clusters(cases, min_cases=5)
    assert found.place == "人民路"


def test_the_same_road_in_two_districts_is_two_places() -> None:
    east = [case(title, "东区人民路") for title in LIGHTS[:4]]
    west = [case(title, "西区人民路") for title in LIGHTS[:4]]
    assert clusters(east + west, min_cases=5) == []
    (found,) = clusters([*east, *west, case(LIGHTS[4], "人民路")], min_cases=5)[:1]
    assert len(found.cases) == 5


def test_place_in_the_title_where_there_is_no_address() -> None:
    cases = [case(f"阳光花园{n}栋停水", "") for n in range(5)]
    (found,) = clusters(cases, min_cases=5)
    assert (found.place, found.words[0]) == ("阳光花园", "停水")


def test_many_topics_at_one_place_are_no_cluster() -> None:
    titles = ["路灯不亮", "物业乱收费", "占道经营", "噪音扰民", "电梯故障", "垃圾清运"]
    cases = [case(title, "阳光花园") for title in titles]
    assert clusters(cases, min_cases=5) == []


def test_what_the_whole_city_calls_about_is_no_cluster() -> None:
    here = [case("停水", "阳光花园") for _ in range(6)]
    others = [case(title, "阳光花园") for title in ("路灯不亮", "电梯故障", "井盖缺失")]
    city = [case("停水" if n % 2 else "物业收费", f"远处{n}大道") for n in range(200)]
    assert clusters([*here, *others, *city], min_cases=5) == []
    some = [case("停水" if n % 10 == 0 else "物业收费", f"别处{n}大道") for n in range(200)]
    (found,) = clusters([*here, *others, *some], min_cases=5)
    assert (found.place, found.words) == ("阳光花园", ("停水",))


def test_words_that_say_nothing_make_no_cluster() -> None:
    titles = ["市民反映路灯", "市民反映物业", "市民反映噪音", "市民反映电梯", "市民反映垃圾"]
    cases = [case(title, "阳光花园") for title in titles]
    assert clusters(cases, min_cases=5) == []


ADDRESSES = st.sampled_from(
    ["东区人民路18号", "西区人民路18号", "人民路20号", "阳光花园", "人民路18号阳光花园", "家里", ""]
)
TITLES = st.sampled_from([*LIGHTS, "停水", "停水三天", "物业乱收费", "阳光花园停水", "反映问题"])
CASES = st.lists(
    st.builds(lambda a, t, c: case(t, a, c), ADDRESSES, TITLES, st.sampled_from([None, 1, 2])),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(CASES, st.randoms(use_true_random=False))
def test_properties(cases: list[ClusterCase], random: st.DataObject) -> None:
    found = clusters(cases, min_cases=4)
    known = {each.case_id: each for each in cases}
    members = [case_id for cluster in found for case_id in cluster.cases]
    assert len(members) == len(set(members))
    for cluster in found:
        assert len(cluster.cases) >= 4
        for case_id in cluster.cases:
            each = known[case_id]
            location = locate(each.address)
            places = location.places or locate(each.title).places
            assert cluster.place in {place.name for place in places}
        districts = {locate(known[case_id].address).district for case_id in cluster.cases}
        assert len(districts - {""}) <= 1
    shuffled = list(cases)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert clusters(shuffled, min_cases=4) == found
