"""The loop around the work: epochs, batches, groups of examples and shares of parameters, on several threads.

It knows no formula, no shape and no dtype, and is compiled once. What does the work is called at its address: once a
group of examples, or a share of the parameters.

A thread writes to its place, and reads what the record points to, only when it has taken a part: one that the others
have left behind may wake up when the same place serves another thread in the next call, or after the last one.
"""

from __future__ import annotations

import math

from .marks import helper, inline
from .record import MOST_PARTS
from .simd.vectors import bytes_further, call, clear, element, is_given, put, shifted
from .threads import close, join, meet, take


@inline
def total_of(run, batch, n):
    # what the sums over a batch of n examples are divided by: the examples, or their weights
    return element(run.totals, batch) if is_given(run.totals) else n * 1.0


@helper
def enter_group(run, place, group, epoch, batch, n, with_cost):
    # lets this thread's gradients be those of a group of examples of a batch; epochs and batches are counted from the
    # beginning of the tables
    place.total, place.with_cost = total_of(run, batch, n), with_cost
    if run.shuffled:
        place.order = shifted(run.orders, epoch * run.m)
    if run.dropped:
        place.key1, place.key2 = element(run.keys, 2 * epoch), element(run.keys, 2 * epoch + 1)
    further = group * run.slab
    place.dW1, place.db1 = bytes_further(run.dW1, further), bytes_further(run.db1, further)
    place.dW2, place.db2 = bytes_further(run.dW2, further), bytes_further(run.db2, further)
    place.dslope = bytes_further(run.dslope, further)


@helper
def clear_group(run, group):
    clear(bytes_further(run.slabs, group * run.slab + run.uncleared), run.slab - run.uncleared)
    put(run.parts, group, 0.0)


@inline
def add_cost(run, group, cost):
    put(run.parts, group, element(run.parts, group) + cost)


@helper
def share_examples(run, place, threads, target, epoch, batch, position, start, n, with_cost) -> int:
    # adds the gradients of the next chunk of each group of the n examples from `position` on; a part is a group
    group = run.group
    parts = run.groups if n == run.groups * group else (n + group - 1) // group
    g = take(run, threads, target, parts, -1)
    while g < parts:
        enter_group(run, place, g, epoch, batch, n, with_cost)
        if start == 0:
            clear_group(run, g)
        place.more = start > 0
        begin, end = position + g * group + start, position + min(g * group + min(start + run.chunk, group), n)
        add_cost(run, g, call(run.accumulate, run, place, begin, end, 0, 0))
        g = take(run, threads, target, parts, g)
    return meet(run, threads, target, parts)


@helper
def share_units(run, place, threads, target, epoch, batch, position, start, n, with_cost) -> int:
    # as share_examples, of one group; the products of a tile are shared, and a part is a share of the units
    T, shares = run.tile, run.shares
    for t in range(position + start, position + min(start + run.chunk, n), T):
        count, more = min(T, position + n - t), t > position
        for stage in range(4):
            parts = shares if stage % 2 == 1 else 1
            part = take(run, threads, target, parts, -1)
            while part < parts:
                enter_group(run, place, 0, epoch, batch, n, with_cost)
                place.more = more
                if stage == 0 and not more:
                    clear_group(run, 0)
                cost = call(run.stage, run, place, stage, t, count, part)
                if stage == 2:
                    add_cost(run, 0, cost)
                part = take(run, threads, target, parts, part)
            target = meet(run, threads, target, parts)
    return target


@helper
def step_parameters(run, place, threads, target, step, batch, n, used, train) -> int:
    # the sums of all groups' gradients, decay and the optimizer's update; a part is a share of the parameters
    shares, regularized, clipped = run.shares, run.l2 > 0.0, run.clip_norm > 0.0
    part = take(run, threads, target, shares, -1)
    while part < shares:
        place.total = total_of(run, batch, n)  # which decay divides by
        if used > 1:
            call(run.add_slabs, run, place, part, used, 0, 0)
        if train and regularized:
            put(run.squares, part, call(run.decay, run, place, part, 0, 0, 0))
        if train and clipped:
            put(run.norms, part, call(run.square, run, place, part, 0, 0, 0))
        elif train:
            place.clip = 1.0
            call(run.update, run, place, part, step, 0, 0)
        part = take(run, threads, target, shares, part)
    target = meet(run, threads, target, shares)
    if train and clipped:
        part = take(run, threads, target, shares, -1)
        while part < shares:
            norm = 0.0
            for each in range(shares):
                norm += element(run.norms, each)
            norm = math.sqrt(norm)
            place.clip = run.clip_norm / norm if norm > run.clip_norm else 1.0
            call(run.update, run, place, part, step, 0, 0)
            part = take(run, threads, target, shares, part)
        target = meet(run, threads, target, shares)
    return target


@helper
def note_cost(run, place, batch, position, n, used, train) -> bool:
    # the cost of the epoch so far, with the n examples of a batch; gives back whether it and the parameters are finite
    cost = 0.0
    for g in range(used):
        cost += element(run.parts, g)
    if run.averaged:
        cost = cost / run.n_y
    if train and run.l2 > 0.0:
        for part in range(run.shares):
            cost += run.l2 / 2.0 * element(run.squares, part)
    cost = cost * (n / total_of(run, batch, n))
    if position > 0:
        cost += run.sum
    run.sum = cost
    return math.isfinite(cost) and (not train or math.isfinite(call(run.probe, run, place, 0, 0, 0, 0)))


def train(run, place, rank, number, _, __):
    # Goes through `pieces` chunks of each group of examples of a batch at most, up to `epochs`. With cost_every = 0 it
    # goes through all examples once and leaves the parameters as they are. Gives back the cost. All threads of the call
    # of that number run this; what decides where a phase ends is read before they join.
    threads, target, shares, pieces, epochs = run.threads, run.base, run.shares, run.pieces, run.epochs
    m, chunk, group, cost_every = run.m, run.chunk, run.group, run.cost_every
    size = run.batch if run.batch > 0 else m
    epoch, position, start, begun = run.epoch, run.position, run.start, run.begun
    stages = run.stage != 0
    if not join(run, threads, rank, number):
        return 0.0
    batches = (m + size - 1) // size
    step = epoch * batches + position // size
    training = cost_every > 0
    part = take(run, threads, target, shares, -1)
    while part < shares:
        if run.begin != 0:
            call(run.begin, run, place, part, 0, 0, 0)
        if part == 0 and training:
            run.rate = element(run.rates, epoch - begun)
        part = take(run, threads, target, shares, part)
    target = meet(run, threads, target, shares)
    for _ in range(pieces):
        n = min(size, m - position)
        batch, with_cost = (epoch - begun) * batches + position // size, not training or epoch % cost_every == 0
        if stages:
            target = share_units(run, place, threads, target, epoch - begun, batch, position, start, n, with_cost)
        else:
            target = share_examples(run, place, threads, target, epoch - begun, batch, position, start, n, with_cost)
        start += chunk
        if start < group:
            continue
        start, used = 0, (n + group - 1) // group
        target = step_parameters(run, place, threads, target, step + 1, batch, n, used, training)
        part = take(run, threads, target, 1, -1)
        while part < 1:
            finite = note_cost(run, place, batch, position, n, used, training)
            if training and with_cost:
                put(run.costs, epoch // cost_every - run.first, run.sum / m)
            if training and not finite:
                run.failed = step + 1
            if training:
                run.rate = element(run.rates, min(epoch + (position + size >= m), epochs - 1) - begun)
            part = take(run, threads, target, 1, part)
        target = meet(run, threads, target, 1)
        step += 1
        if not training or run.failed == step:
            break
        position += size
        if position >= m:
            position = 0
            epoch += 1
            if epoch == epochs:
                break
    part = take(run, threads, target, shares, -1)
    while part < shares:
        if run.give != 0:
            call(run.give, run, place, part, not training, 0, 0)
        part = take(run, threads, target, shares, part)
    target = meet(run, threads, target, shares)
    if rank > 0:
        return 0.0
    close(run, threads)
    if training:
        run.epoch, run.position, run.start = epoch, position, start
    return run.sum / m


def forward(run, place, rank, number, _, __):
    # X (n_x, m) -> A2 (n_y, m); a part is a run of tiles; gives back 1 if any of it is NaN, else 0
    m, T, shares, threads, target = run.m, run.tile, run.shares, run.threads, run.base
    if not join(run, threads, rank, number):
        return 0.0
    if run.begin != 0:
        part = take(run, threads, target, shares, -1)
        while part < shares:
            call(run.begin, run, place, part, 0, 0, 0)
            part = take(run, threads, target, shares, part)
        target = meet(run, threads, target, shares)
    tiles = (m + T - 1) // T
    parts = min(tiles, MOST_PARTS * MOST_PARTS)
    part = take(run, threads, target, parts, -1)
    while part < parts:
        for start in range(tiles * part // parts * T, min(tiles * (part + 1) // parts * T, m), T):
            if call(run.predict, run, place, start, min(T, m - start), 0, 0) > 0.0:
                run.failed = 1
        part = take(run, threads, target, parts, part)
    meet(run, threads, target, parts)
    if rank > 0:
        return 0.0
    close(run, threads)
    failed = run.failed * 1.0
    run.failed = 0
    return failed
