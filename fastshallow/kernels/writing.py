"""Kernels are Python functions that are never run: their syntax tree is walked once, and writes LLVM's code.

The language is what a kernel needs of Python: integers, floats, truth values, pointers, records, SIMD vectors and
tiles; assignments, `if`, `for` over `range`, `while`, `return`; calls. What is known while the code is written stays
Python: a constant, a closed-over size, a branch on it, a tuple, a function. A call of a function marked `inline` writes
its body in place; one marked `helper` is called, and written once for each kinds of arguments (`marks`); any other
function runs now, as Python, on values that write their own code (`values`), as NumPy's functions and formulas do.

Numba would compile such functions too, at 70 to 140 ms for each of them, inference and all (measured: six seconds for
the units of a first training run, in which this takes a tenth of one).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .syntax import OPERATORS, functions, several
from .values import BOOL, INT, REAL, SUBSTITUTES, VOID, Value, as_kind, constant, kind_of_constant, truth

# What a helper's annotation says that it gives back.
RETURNS = {None: None, "bool": BOOL, "int": INT, "float": REAL, bool: BOOL, int: INT, float: REAL}


class Module:
    """The code of one unit, whose stack is `aligned` to whole vectors where LLVM puts some there."""

    def __init__(self, aligned: bool = False) -> None:
        self.llvm = ir.Module()
        self._aligned = aligned
        self._helpers: dict[Any, tuple[Any, Any]] = {}

    def add_entry(self, name: str, function: Callable[..., Any], kinds: tuple[Any, ...], returns: Any) -> None:
        """Write a C function of values of these kinds, that gives back one."""
        made = self._function(name, returns.llvm(), [kind.llvm() for kind in kinds])
        builder = ir.IRBuilder(made.append_basic_block("entry"))
        values = [Value(builder, kind, x) for kind, x in zip(kinds, made.args, strict=True)]
        result = _Body(self, builder, function, values).write()
        builder.ret_void() if returns is VOID else builder.ret(as_kind(result, returns, builder))

    def call(self, builder: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Call a helper, which is written now if it is new."""
        moving = [x for x in arguments if isinstance(x, Value)]
        fixed = tuple(x.kind if isinstance(x, Value) else (type(x), x) for x in arguments)
        key = (function, fixed)
        if key not in self._helpers:
            self._helpers[key] = self._write(f"{function.__name__}.{len(self._helpers)}", function, arguments, moving)
        made, kind = self._helpers[key]
        result = builder.call(made, [x.value for x in moving])
        return None if kind is None else Value(builder, kind, result)

    def _function(self, name: str, returns: Any, arguments: list[Any]) -> Any:
        made = ir.Function(self.llvm, ir.FunctionType(returns, arguments), name)
        if self._aligned:  # for which LLVM needs a frame pointer; llvmlite's own `add` takes no attribute with a value
            set.add(made.attributes, '"frame-pointer"="all"')
        return made

    def _write(self, name: str, function: Any, arguments: Any, moving: Any) -> tuple[Any, Any]:
        kind = RETURNS[function.__annotations__.get("return")]
        returns = ir.VoidType() if kind is None else kind.llvm()
        made = self._function(name, returns, [x.kind.llvm() for x in moving])
        made.linkage = "internal"
        builder = ir.IRBuilder(made.append_basic_block("entry"))
        values = iter(made.args)
        inside = [Value(builder, x.kind, next(values)) if isinstance(x, Value) else x for x in arguments]
        result = _Body(self, builder, function, inside).write()
        if kind is None:
            builder.ret_void()
        else:
            builder.ret(as_kind(result, kind, builder))
        return made, kind


class _Body:
    """A function's body on its way into code."""

    def __init__(self, module: Module, builder: Any, function: Any, arguments: Any) -> None:
        self.module, self.builder, self.function = module, builder, function
        code = function.__code__
        self.node = functions(code.co_filename)[code.co_firstlineno]
        self.names: dict[str, Any] = {}
        self.slots: dict[str, tuple[Any, Any]] = {}  # a name that changes -> its kind and place in memory
        self.several = several(self.node)
        cells = function.__closure__ or ()
        self.outer = {
            **vars(builtins),
            **function.__globals__,
            **{name: cell.cell_contents for name, cell in zip(code.co_freevars, cells, strict=True)},
        }
        for parameter, value in zip(self.node.args.args, arguments, strict=True):
            self.assign_name(parameter.arg, value)
        self.loops: list[tuple[Any, Any]] = []  # where `continue` and `break` go
        self.end: Any = None  # where a `return` before the end goes
        self.returned: Any = None  # the places that it leaves its result in

    def write(self) -> Any:
        """Write all of it; give back the result."""
        *rest, last = self.node.body
        self.statements(rest)
        result = None
        if not self.builder.block.is_terminated:
            if isinstance(last, ast.Return):
                result = None if last.value is None else self.value(last.value)
            else:
                self.statements([last])
        if self.end is None:
            return result
        if not self.builder.block.is_terminated:
            if result is not None:
                self.leave(result)
            self.builder.branch(self.end)
        self.builder.position_at_end(self.end)
        if self.returned is None:
            return None
        results = tuple(Value(self.builder, kind, self.builder.load(slot)) for kind, slot in self.returned)
        return results if len(results) > 1 else results[0]

    def leave(self, result: Any) -> None:
        results = result if isinstance(result, tuple) else (result,)
        if self.returned is None:
            kinds = [x.kind if isinstance(x, Value) else kind_of_constant(x) for x in results]
            self.returned = [(kind, self.place(kind, "returned")) for kind in kinds]
        for (kind, slot), x in zip(self.returned, results, strict=True):
            self.builder.store(as_kind(x, kind, self.builder), slot)

    # ---- statements ----

    def statements(self, nodes: list[Any]) -> None:
        for node in nodes:
            if self.builder.block.is_terminated:
                return
            self.visit("do", node)

    def do_Expr(self, node: Any) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def do_Pass(self, node: Any) -> None:
        pass

    def do_Assign(self, node: Any) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def do_AugAssign(self, node: Any) -> None:
        load = ast.copy_location(
            ast.Name(node.target.id, ast.Load())
            if isinstance(node.target, ast.Name)
            else ast.Attribute(node.target.value, node.target.attr, ast.Load()),
            node,
        )
        self.assign(node.target, OPERATORS[type(node.op)](self.value(load), self.value(node.value)))

    def do_Return(self, node: Any) -> None:
        if self.end is None:
            self.end = self.builder.append_basic_block("end")
        if node.value is not None:
            self.leave(self.value(node.value))
        self.builder.branch(self.end)

    def do_If(self, node: Any) -> None:
        test = truth(self.value(node.test))
        if not isinstance(test, Value):
            self.statements(node.body if test else node.orelse)
            return
        builder = self.builder
        then, otherwise, after = (builder.append_basic_block(name) for name in ("then", "else", "after"))
        builder.cbranch(test.value, then, otherwise)
        reached = False
        for block, nodes in ((then, node.body), (otherwise, node.orelse)):
            builder.position_at_end(block)
            self.statements(nodes)
            if not builder.block.is_terminated:
                reached = True
                builder.branch(after)
        builder.position_at_end(after)
        if not reached:
            builder.unreachable()

    def do_For(self, node: Any) -> None:
        call = node.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"):
            raise self.refusal(node, "loops go over range(...)")
        bounds = [self.value(each) for each in call.args]
        start, stop, step = bounds if len(bounds) == 3 else [0, *bounds, 1] if len(bounds) == 1 else [*bounds, 1]
        builder = self.builder
        slot = self.place(INT, node.target.id)
        builder.store(as_kind(start, INT, builder), slot)
        if isinstance(stop, int):
            stop = constant(builder, stop)
        test, body, more, after = (builder.append_basic_block(name) for name in ("test", "body", "more", "after"))
        builder.branch(test)
        builder.position_at_end(test)
        here = Value(builder, INT, builder.load(slot))
        if isinstance(step, Value):
            up = builder.icmp_signed(">", step.value, ir.IntType(64)(0))
            going = builder.select(up, (here < stop).value, (here > stop).value)
        else:
            going = ((here < stop) if step > 0 else (here > stop)).value
        builder.cbranch(going, body, after)
        builder.position_at_end(body)
        before = self.names.get(node.target.id)
        self.assign_name(node.target.id, here)
        self.loops.append((more, after))
        self.statements(node.body)
        self.loops.pop()
        if not builder.block.is_terminated:
            builder.branch(more)
        builder.position_at_end(more)
        builder.store((here + step).value, slot)
        builder.branch(test)
        builder.position_at_end(after)
        self.names[node.target.id] = before

    def do_While(self, node: Any) -> None:
        builder = self.builder
        test, body, after = (builder.append_basic_block(name) for name in ("test", "body", "after"))
        builder.branch(test)
        builder.position_at_end(test)
        builder.cbranch(as_kind(truth(self.value(node.test)), BOOL, builder), body, after)
        builder.position_at_end(body)
        self.loops.append((test, after))
        self.statements(node.body)
        self.loops.pop()
        if not builder.block.is_terminated:
            builder.branch(test)
        builder.position_at_end(after)

    def do_Continue(self, node: Any) -> None:
        self.builder.branch(self.loops[-1][0])

    def do_Break(self, node: Any) -> None:
        self.builder.branch(self.loops[-1][1])

    def assign(self, target: Any, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.assign_name(target.id, value)
        elif isinstance(target, ast.Tuple):
            for each, part in zip(target.elts, value, strict=True):
                self.assign(each, part)
        elif isinstance(target, ast.Attribute):
            self.value(target.value).set_field(target.attr, value)
        else:
            raise self.refusal(target, "names, tuples of them and fields of records are assigned to")

    def assign_name(self, name: str, value: Any) -> None:
        moving = isinstance(value, Value) or type(value) in (int, float, bool)
        if name not in self.several or not moving:
            self.names[name] = value
            return
        if name not in self.slots:
            kind = value.kind if isinstance(value, Value) else kind_of_constant(value)
            self.slots[name] = kind, self.place(kind, name)
        kind, slot = self.slots[name]
        self.builder.store(as_kind(value, kind, self.builder), slot)

    def place(self, kind: Any, name: str) -> Any:
        """Memory for a value, at the function's beginning, where LLVM looks for what can be a register."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(kind.llvm(), name=name)

    # ---- expressions ----

    def value(self, node: Any) -> Any:
        return self.visit("of", node)

    def visit(self, how: str, node: Any) -> Any:
        """Write a statement, `do`, or give the value `of` an expression; an error says where it stands."""
        kind = type(node).__name__
        method = getattr(self, f"{how}_{kind}", None)
        if method is None:
            raise self.refusal(node, f"kernels have no {kind}")
        try:
            return method(node)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            if getattr(error, "told", False):
                raise
            raise self.refusal(node, f"{type(error).__name__}: {error}") from error

    def of_Constant(self, node: Any) -> Any:
        return node.value

    def of_Name(self, node: Any) -> Any:
        if node.id in self.slots:
            kind, slot = self.slots[node.id]
            return Value(self.builder, kind, self.builder.load(slot))
        return self.names[node.id] if node.id in self.names else self.outer[node.id]

    def of_Attribute(self, node: Any) -> Any:
        return getattr(self.value(node.value), node.attr)

    def of_Tuple(self, node: Any) -> Any:
        parts: list[Any] = []
        for each in node.elts:
            parts += self.value(each.value) if isinstance(each, ast.Starred) else [self.value(each)]
        return tuple(parts)

    def of_BinOp(self, node: Any) -> Any:
        return OPERATORS[type(node.op)](self.value(node.left), self.value(node.right))

    def of_UnaryOp(self, node: Any) -> Any:
        x = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            x = truth(x)
            return x.new(self.builder.not_(x.value)) if isinstance(x, Value) else not x
        return x if isinstance(node.op, ast.UAdd) else OPERATORS[type(node.op)](x)

    def of_Compare(self, node: Any) -> Any:
        result, left = None, self.value(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node)
            one = OPERATORS[type(op)](left, right)
            result, left = one if result is None else result & one, right
        return result

    def of_BoolOp(self, node: Any) -> Any:
        first, *rest = node.values
        x = truth(self.value(first))
        if not rest:
            return x
        following = ast.copy_location(ast.BoolOp(node.op, rest), node)
        both = isinstance(node.op, ast.And)
        if not isinstance(x, Value):
            return self.value(following) if bool(x) == both else x
        otherwise = ast.copy_location(ast.Constant(not both), node)
        return self.chosen(x, following if both else otherwise, otherwise if both else following)

    def of_IfExp(self, node: Any) -> Any:
        test = truth(self.value(node.test))
        if not isinstance(test, Value):
            return self.value(node.body if test else node.orelse)
        return self.chosen(test, node.body, node.orelse)

    def chosen(self, test: Value, then: Any, otherwise: Any) -> Any:
        """The value of one of two expressions, of which only that one is computed."""
        builder, found = self.builder, []
        with builder.if_else(test.value) as parts:
            for part, node in zip(parts, (then, otherwise), strict=True):
                with part:
                    found.append((self.value(node), builder.block))
        kinds = [x.kind if isinstance(x, Value) else kind_of_constant(x) for x, _ in found]
        kind = next((k for (x, _), k in zip(found, kinds, strict=True) if isinstance(x, Value)), kinds[0])
        phi = builder.phi(kind.llvm())
        for x, block in found:
            with builder.goto_block(block):
                phi.add_incoming(as_kind(x, kind, builder), builder.block)
        return Value(builder, kind, phi)

    def of_Call(self, node: Any) -> Any:
        function = self.value(node.func)
        function = SUBSTITUTES.get(function, function)
        arguments: list[Any] = []
        for each in node.args:
            arguments += self.value(each.value) if isinstance(each, ast.Starred) else [self.value(each)]
        how = getattr(function, "written", None)
        if how == "inline":
            return _Body(self.module, self.builder, function, arguments).write()
        if how == "helper":
            return self.module.call(self.builder, function, tuple(arguments))
        return function(*arguments)

    def refusal(self, node: Any, what: str) -> TypeError:
        path = self.function.__code__.co_filename
        error = TypeError(f"{path}:{node.lineno}, in {self.function.__name__}: {what}")
        error.told = True  # type: ignore[attr-defined]
        return error
