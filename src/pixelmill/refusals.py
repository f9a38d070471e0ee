"""What pydantic finds wrong with parameters, as one of our sentences."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from pixelmill.errors import expected, shown

_WANTED = {
    "greater_than": "a number > {gt}",
    "greater_than_equal": "a number ≥ {ge}",
    "less_than": "a number < {lt}",
    "less_than_equal": "a number ≤ {le}",
    "finite_number": "a finite number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "string_unicode": "text of Unicode characters",
    "bytes_type": "a picture's bytes",
    "int_parsing_size": "a whole number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "is_instance_of": "an operation",
    "invalid_key": "a parameter's name",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character(s)",
    "string_pattern_mismatch": "text of the form {pattern}",
    "bytes_too_long": "at most {max_length} bytes",
    "too_long": "at most {max_length} values",
    "too_short": "at least {min_length} value(s)",
    "literal_error": "one of {expected}",
}


def explain_refusal(cls: type[BaseModel], name: str, error: ValidationError) -> str:
    """Return the first of a validation's errors as one sentence: what was expected, for which parameter, what came."""
    first = error.errors(include_url=False)[0]
    where = ".".join([name, *(str(part) for part in first["loc"])])
    kind, got = first["type"], first.get("input")
    if kind == "extra_forbidden":
        known = f" ({', '.join(cls.model_fields) or 'none'})" if len(first["loc"]) == 1 else ""
        return f"expected a parameter of {where.rpartition('.')[0]}{known}, got {shown(first['loc'][-1])}"
    if kind == "missing":
        return f"expected a value for {where}, got none"
    if kind == "value_error":
        return str(first["ctx"]["error"])
    wanted = _WANTED.get(kind)
    bounds = {key: f"{value:g}" if isinstance(value, float) else value for key, value in first.get("ctx", {}).items()}
    return expected(wanted.format(**bounds) if wanted else first["msg"], where, got)
