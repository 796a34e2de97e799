"""What is withheld of a table, against brute force: whether each withheld number could be another one is found by trying
all small changes of all withheld numbers at once, not by paths in a network."""
import itertools
import pathlib
import random
import subprocess

import pytest

from conftest import binary


def withheld(tables):
    """For each (rows, columns, threshold, numbers with their sums): the places that the program withholds."""
    program = pathlib.Path(binary("points-audit")).parent / "tests" / "suppression"
    asked = "\n".join(" ".join(map(str, (rows, columns, threshold, *itertools.chain(*numbers))))
                      for rows, columns, threshold, numbers in tables)
    done = subprocess.run([str(program)], input=asked, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(tables)
    return [{divmod(i, columns + 1) for i, flag in enumerate(line.split()) if flag == "1"}
            for line, (rows, columns, *_) in zip(lines, tables)]


def with_sums(cells):
    rows = [[*row, sum(row)] for row in cells]
    return rows + [[sum(column) for column in zip(*rows)]]


def random_table(dice, most=4):
    """Cells of 0 to a few, sometimes many zeros; a threshold."""
    rows, columns, top = dice.randint(1, most), dice.randint(1, most), dice.choice([1, 2, 3, 6, 12])
    zeros = dice.choice([0, 0.2, 0.5, 0.8])
    cells = [[0 if dice.random() < zeros else dice.randint(1, top) for _ in range(columns)] for _ in range(rows)]
    return rows, columns, dice.randint(1, 6), with_sums(cells)


def sums(rows, columns):
    """What holds in every table: places that add up to another place."""
    return ([([(r, c) for c in range(columns)], (r, columns)) for r in range(rows + 1)]
            + [([(r, c) for r in range(rows)], (rows, c)) for c in range(columns + 1)])


def could_be_another(rows, columns, numbers, hidden, least=1, change=1):
    """The hidden places whose number can be another one, at least `least`, while all others stay and all sums hold. Tries
    every combination of changes up to `change`, a place after the other, giving up where a sum is complete and wrong."""
    places = sorted(hidden)
    equations = [{place: 1 for place in parts if place in hidden} | ({total: -1} if total in hidden else {})
                 for parts, total in sums(rows, columns)]
    complete = {place: [e for e in equations if e and max(e) == place] for place in places}
    found, changes = set(), {}

    def tried(at, wanted):
        if at == len(places):
            return True
        place = places[at]
        for delta in sorted(range(-change, change + 1), key=abs):
            if numbers[place[0]][place[1]] + delta < least or (place == wanted and not delta):
                continue
            changes[place] = delta
            if all(sum(sign * changes[p] for p, sign in e.items()) == 0 for e in complete[place]) and tried(at + 1, wanted):
                return True
        return False

    for place in places:
        if place not in found and tried(0, place):
            found |= {p for p in places if changes[p]}
    return found


def check(tables):
    count = 0
    for (rows, columns, threshold, numbers), hidden in zip(tables, withheld(tables)):
        small = {(r, c) for r in range(rows + 1) for c in range(columns + 1) if 0 < numbers[r][c] < threshold}
        assert small <= hidden, (numbers, threshold, hidden)
        assert all(numbers[r][c] for r, c in hidden), (numbers, threshold, hidden)
        assert could_be_another(rows, columns, numbers, hidden) == hidden, (numbers, threshold, hidden)
        assert hidden == small or small, (numbers, threshold, hidden)
        count += len(hidden - small)
    return count


@pytest.mark.parametrize("seed", range(4))
def test_no_withheld_number_can_be_computed(seed):
    dice = random.Random(seed)
    assert check([random_table(dice) for _ in range(1_500)]) > 500


def test_all_small_tables():
    """Every table of two rows and two columns with cells up to 3, and every threshold that tells them apart."""
    cells = [with_sums([four[:2], four[2:]]) for four in itertools.product(range(4), repeat=4)]
    check([(2, 2, threshold, numbers) for numbers in cells for threshold in (1, 2, 3, 4, 7)])


def test_the_check_finds_what_is_too_little():
    """One cell alone, or a square of ones, are not enough: the first is a difference, and zeros would be published."""
    numbers = with_sums([[3, 50, 40], [60, 70, 80]])
    assert could_be_another(2, 3, numbers, {(0, 0)}) == set()
    assert could_be_another(2, 3, numbers, {(0, 0), (0, 1), (1, 0)}) == set()
    square = {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert could_be_another(2, 3, numbers, square) == square
    ones = with_sums([[1, 1], [1, 1]])
    assert could_be_another(2, 2, ones, square, least=0) == square
    assert could_be_another(2, 2, ones, square) == set()


def test_little_more_is_withheld_than_must_be():
    """On small tables, against the fewest that do: at most a tenth more, all together."""
    dice = random.Random(11)
    tables = [random_table(dice, most=3) for _ in range(250)]
    ours = fewest = 0
    for (rows, columns, threshold, numbers), hidden in zip(tables, withheld(tables)):
        places = [(r, c) for r in range(rows + 1) for c in range(columns + 1) if numbers[r][c]]
        small = {(r, c) for r, c in places if numbers[r][c] < threshold}
        others = [p for p in places if p not in small]
        enough = next(n for n in range(len(others) + 1) if any(
            small <= could_be_another(rows, columns, numbers, small | set(more)) for more in itertools.combinations(others, n)))
        ours, fewest = ours + len(hidden - small), fewest + enough
    assert fewest <= ours <= 1.1 * fewest, (ours, fewest)


def test_what_is_withheld_already_serves_again():
    """Of 8 x 8 tables with a quarter of small numbers, fewer than five more each: more when each small number goes its own way."""
    dice = random.Random(5)
    tables = [(8, 8, 10, with_sums([[dice.choice([0, 2, 3, 20, 50, 70, 90, 400]) for _ in range(8)] for _ in range(8)]))
              for _ in range(300)]
    more = sum(len(hidden) - sum(0 < n < 10 for row in numbers for n in row)
               for (*_, numbers), hidden in zip(tables, withheld(tables)))
    assert more < 5 * len(tables)


def test_a_large_table():
    """Ten years of months in eighty municipalities: too many for brute force, but no row or column may withhold one alone."""
    dice = random.Random(3)
    rows, columns = 120, 80
    numbers = with_sums([[dice.choice([0, 5, 12, 30, 400]) for _ in range(columns)] for _ in range(rows)])
    (hidden,) = withheld([(rows, columns, 10, numbers)])
    assert {(r, c) for r in range(rows) for c in range(columns) if numbers[r][c] == 5} <= hidden
    for line in [{p for p in hidden if p[0] == r} for r in range(rows + 1)] + [
            {p for p in hidden if p[1] == c} for c in range(columns + 1)]:
        assert len(line) != 1
