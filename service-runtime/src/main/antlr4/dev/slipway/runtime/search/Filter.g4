// Filters and order terms of every search: `metrics.accuracy > 0.9 AND NOT (params.lr = '0.1' OR tags."my tag" IS NULL)`.
grammar Filter;

options {
  caseInsensitive = true;
}

// MLflow lets a filter end with AND.
filter
  : disjunction AND? EOF
  ;

order
  : identifier direction = (ASC | DESC)? EOF
  ;

disjunction
  : conjunction (OR conjunction)*
  ;

conjunction
  : term (AND term)*
  ;

term
  : NOT term                                                      # negation
  | OPEN disjunction CLOSE                                        # group
  | identifier operator literal                                   # comparison
  | identifier NOT? IN OPEN text (',' text)* CLOSE                # membership
  | identifier IS NOT? NULL                                       # presence
  ;

identifier
  : PATH
  | BACKQUOTED
  | DOUBLE_QUOTED
  ;

operator
  : '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | LIKE
  | ILIKE
  ;

literal
  : text
  | NUMBER
  ;

text
  : SINGLE_QUOTED
  | DOUBLE_QUOTED
  ;

OPEN: '(';
CLOSE: ')';

AND: 'and';
OR: 'or';
NOT: 'not';
IN: 'in';
IS: 'is';
NULL: 'null';
LIKE: 'like';
ILIKE: 'ilike';
ASC: 'asc';
DESC: 'desc';

NUMBER: [+-]? ([0-9]+ ('.' [0-9]*)? | '.' [0-9]+) ('e' [+-]? [0-9]+)?;

// Words that are keywords are fine after the first dot, since the longest match wins: `params.in`, `tags.and.or`.
PATH: WORD ('.' (WORD ('.' WORD)* | BACKQUOTED | DOUBLE_QUOTED))?;

BACKQUOTED: '`' ~'`'+ '`';
DOUBLE_QUOTED: '"' ~'"'* '"';
SINGLE_QUOTED: '\'' ~'\''* '\'';

SPACE: [ \t\r\n]+ -> skip;

// Turned into an error with a position by the parser instead of being dropped by the lexer.
UNKNOWN: .;

fragment WORD: [\p{L}\p{N}_]+;
