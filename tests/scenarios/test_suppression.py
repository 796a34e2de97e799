"""What is withheld of a table, against brute force: whether each withheld number could be another one is found by trying
all small changes of all withheld numbers at once, not by paths in a network; which sums of withheld numbers are known, by
combining all that adds up in every way, not by cuts."""
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


def known_sums(rows, columns, hidden):
    """Sets of hidden places whose sum can be computed: each is what is left when the equations of some rows and columns are
    added to each other or taken from each other, and nothing else that is hidden is."""
    equations = [{place: 1 for place in parts if place in hidden} | ({total: -1} if total in hidden else {})
                 for parts, total in sums(rows, columns)]
    states = {()}  # what may be left so far: sorted (place, coefficient)
    last = {place: max(i for i, e in enumerate(equations) if place in e) for place in hidden}
    for i, equation in enumerate(equations):
        after = set()
        for left in states:
            for times in (-1, 0, 1):
                more = dict(left)
                for place, sign in equation.items():
                    more[place] = more.get(place, 0) + times * sign
                if all(n in (0, 1) for place, n in more.items() if last[place] == i):
                    after.add(tuple(sorted((place, n) for place, n in more.items() if n)))
        states = after
    return {frozenset(place for place, _ in left) for left in states if left}


def hidden_lines(rows, columns, hidden):
    """The hidden places of each row and column whose sum is published."""
    lines = [frozenset(place for place in parts if place in hidden) for parts, total in sums(rows, columns) if total not in hidden]
    return [line for line in lines if line]


def amount(numbers, places):
    return sum(numbers[r][c] for r, c in places)


def check(tables, all_sums=False):
    count = 0
    for (rows, columns, threshold, numbers), hidden in zip(tables, withheld(tables)):
        small = {(r, c) for r in range(rows + 1) for c in range(columns + 1) if 0 < numbers[r][c] < threshold}
        assert small <= hidden, (numbers, threshold, hidden)
        assert all(numbers[r][c] for r, c in hidden), (numbers, threshold, hidden)
        assert could_be_another(rows, columns, numbers, hidden) == hidden, (numbers, threshold, hidden)
        assert hidden == small or small, (numbers, threshold, hidden)
        known = known_sums(rows, columns, hidden) if all_sums else hidden_lines(rows, columns, hidden)
        assert all(amount(numbers, places) >= threshold for places in known), (numbers, threshold, hidden)
        count += len(hidden - small)
    return count


@pytest.mark.parametrize("seed", range(4))
def test_no_withheld_number_can_be_computed(seed):
    dice = random.Random(seed)
    assert check([random_table(dice) for _ in range(1_500)]) > 500


def test_all_small_tables():
    """Every table of two rows and two columns with cells up to 3, and every threshold that tells them apart."""
    cells = [with_sums([four[:2], four[2:]]) for four in itertools.product(range(4), repeat=4)]
    check([(2, 2, threshold, numbers) for numbers in cells for threshold in (1, 2, 3, 4, 7)], all_sums=True)


@pytest.mark.parametrize("seed", range(4))
def test_no_small_sum_of_withheld_numbers_can_be_computed(seed):
    """Neither in a line nor by combining lines, some of whose sums are withheld."""
    dice = random.Random(100 + seed)
    check([random_table(dice, most=3) for _ in range(300)], all_sums=True)


def test_no_line_of_larger_tables_leaves_a_small_sum():
    """Where more than one cycle through a number is needed."""
    dice = random.Random(0)
    tables = [(n, n, threshold, with_sums([[dice.choice([0, 0, 1, 2, 3, 4, 15, 40]) for _ in range(n)] for _ in range(n)]))
              for n in (4, 6, 8) for threshold in (5, 9, 12) for _ in range(300)]
    for (rows, columns, threshold, numbers), hidden in zip(tables, withheld(tables)):
        assert all(amount(numbers, line) >= threshold for line in hidden_lines(rows, columns, hidden)), numbers


def test_two_small_numbers_do_not_hide_each_other():
    """In a row, a column, and among the sums: what the others leave of the line's sum would be small."""
    numbers = with_sums([[50, 2, 2, 30], [60, 70, 80, 40], [90, 30, 30, 20]])
    (hidden,) = withheld([(3, 4, 5, numbers)])
    assert sum(r == 0 for r, _ in hidden) > 2
    turned = [list(column) for column in zip(*numbers)]
    (hidden,) = withheld([(4, 3, 5, turned)])
    assert sum(c == 0 for _, c in hidden) > 2
    (hidden,) = withheld([(1, 4, 10, with_sums([[4, 2, 30, 50]]))])
    assert all(amount(with_sums([[4, 2, 30, 50]]), line) >= 10 for line in hidden_lines(1, 4, hidden))
    (hidden,) = withheld([(2, 3, 5, with_sums([[3, 3, 40], [3, 3, 60]]))])  # together they are enough
    assert hidden == {(0, 0), (0, 1), (1, 0), (1, 1)}


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
    assert set(hidden_lines(2, 3, square)) <= known_sums(2, 3, square)
    assert frozenset(square) in known_sums(2, 3, square)
    known = known_sums(2, 3, square | {(0, 3), (1, 3)})  # no row's sum is published
    assert {line for line in known if len(line) == 2} == {frozenset({(0, c), (1, c)}) for c in (0, 1, 3)}
    known = known_sums(2, 3, {(0, 0), (0, 1), (0, 3), (1, 2), (1, 3)})  # row 0 and row 1, less what both sums are together
    assert frozenset({(0, 0), (0, 1), (1, 2)}) in known


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
            small <= could_be_another(rows, columns, numbers, small | set(more))
            and all(amount(numbers, line) >= threshold for line in known_sums(rows, columns, small | set(more)))
            for more in itertools.combinations(others, n)))
        ours, fewest = ours + len(hidden - small), fewest + enough
    assert fewest <= ours <= 1.1 * fewest, (ours, fewest)


def test_what_is_withheld_already_serves_again():
    """Of 8 x 8 tables with a quarter of small numbers, fewer than 9.8 more each, about one a line: more when each small number goes its own way."""
    dice = random.Random(5)
    tables = [(8, 8, 10, with_sums([[dice.choice([0, 2, 3, 20, 50, 70, 90, 400]) for _ in range(8)] for _ in range(8)]))
              for _ in range(300)]
    more = sum(len(hidden) - sum(0 < n < 10 for row in numbers for n in row)
               for (*_, numbers), hidden in zip(tables, withheld(tables)))
    assert more < 9.8 * len(tables)


def test_a_large_table():
    """Ten years of months in eighty municipalities: too many for brute force, but no row or column may withhold too little."""
    dice = random.Random(3)
    rows, columns = 120, 80
    numbers = with_sums([[dice.choice([0, 5, 12, 30, 400]) for _ in range(columns)] for _ in range(rows)])
    (hidden,) = withheld([(rows, columns, 10, numbers)])
    assert {(r, c) for r in range(rows) for c in range(columns) if numbers[r][c] == 5} <= hidden
    assert all(len(line) > 1 and amount(numbers, line) >= 10 for line in hidden_lines(rows, columns, hidden))
