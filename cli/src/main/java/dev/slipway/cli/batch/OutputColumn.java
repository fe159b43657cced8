package dev.slipway.cli.batch;

import dev.slipway.gateway.scoring.ScoringOutputs;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import java.util.ArrayList;
import java.util.List;

/** Is a column of the output: its name and, for forms that have types, its type. */
record OutputColumn(String name, Type type) {
  /** Is what values of a column are, and how they are written as JSON. */
  enum Type {
    /** A truth value. */
    BOOLEAN,
    /** A whole number of 32 bits. */
    INTEGER,
    /** A whole number of 64 bits. */
    LONG,
    /** A number of 32 bits; a text where it is not finite. */
    FLOAT,
    /** A number of 64 bits; a text where it is not finite. */
    DOUBLE,
    /** A text, or any JSON, which is written as its text where types are told. */
    TEXT,
    /** Bytes, as base64. */
    BINARY,
    /** A moment of microseconds, as ISO 8601. */
    DATETIME
  }

  /** Returns the columns of an answer. */
  static List<OutputColumn> of(DataFrame frame) {
    List<String> names = ScoringOutputs.columns(frame);
    List<OutputColumn> columns = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      columns.add(new OutputColumn(names.get(i), type(frame.getColumns(i))));
    }
    return columns;
  }

  private static Type type(Column column) {
    return switch (column.getValuesCase()) {
      case BOOLS -> Type.BOOLEAN;
      case INT32S -> Type.INTEGER;
      case INT64S -> Type.LONG;
      case FLOATS -> Type.FLOAT;
      case DOUBLES -> Type.DOUBLE;
      case BYTE_STRINGS -> Type.BINARY;
      case TIMESTAMPS_MICROS -> Type.DATETIME;
      case STRINGS, JSON, VALUES_NOT_SET -> Type.TEXT;
    };
  }
}
