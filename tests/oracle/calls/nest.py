"""Functions that run templates; the writer knows the names of templates."""

CALLS = {
    "str": [("include", ("template", "any")), ("tpl", ("text", "any")),
            ("tpl", ("text", "any"))],
    "map": [("lookup", ("str", "str", "str", "str"))],
}

SPECIAL = {
    "text": ["`(( . ))`", "`((- . -)) x`", "`(( .a ))`", '"plain"', "``",
             "`(( if . ))yes(( else ))no(( end ))`", "`(( $ ))(( $x := . ))"
             "(( $x | toString | len ))`", "`(( range list . 1 ))<(( . ))>(( end ))`",
             "`((/* c */))(( define \"own\" ))[(( . ))](( end ))"
             "(( include \"own\" . ))`", "`(( tpl \"((.))\" . ))`", "`((`",
             "`(( nosuch ))`", '"a(( printf `%v` . ))"'],
}
