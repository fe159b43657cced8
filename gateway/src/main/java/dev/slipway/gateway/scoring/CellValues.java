package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.util.Base64;
import java.util.Locale;

/**
 * Reads one cell as the type of its column. Nothing is cut off: what does not fit is refused.
 *
 * @param where names the cell in what is thrown
 * @param node its value, not null
 * @param text whether the value is text that stands for one of another type, as in CSV
 */
record CellValues(String where, JsonNode node, boolean text) {
  /** ISO 8601 with a time, a zone, both or none, and a blank in place of the T as CSV often has. */
  private static final DateTimeFormatter DATETIME =
      new DateTimeFormatterBuilder()
          .appendPattern("yyyy-MM-dd")
          .optionalStart()
          .appendPattern("['T'][' ']HH:mm[:ss[.SSSSSSSSS][.SSSSSS][.SSS]]")
          .optionalStart()
          .appendOffset("+HH:MM", "Z")
          .optionalEnd()
          .optionalStart()
          .appendOffset("+HHmm", "Z")
          .optionalEnd()
          .optionalEnd()
          .toFormatter(Locale.ROOT);

  /** More than an integer of 64 bits has. */
  private static final int MOST_DIGITS = 20;

  /** Longer text is no number that anybody meant. */
  private static final int MOST_CHARACTERS = 1000;

  boolean bool() {
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (text) {
      switch (node.textValue().strip().toLowerCase(Locale.ROOT)) {
        case "true", "1" -> {
          return true;
        }
        case "false", "0" -> {
          return false;
        }
        default -> {
          // Refused below.
        }
      }
    }
    throw refused("true or false");
  }

  int int32() {
    BigInteger value = whole();
    if (value.bitLength() >= Integer.SIZE) {
      throw refused("a whole number of 32 bits");
    }
    return value.intValue();
  }

  long int64() {
    BigInteger value = whole();
    if (value.bitLength() >= Long.SIZE) {
      throw refused("a whole number of 64 bits");
    }
    return value.longValue();
  }

  private BigInteger whole() {
    if (node.isIntegralNumber()) {
      return node.bigIntegerValue();
    }
    BigDecimal value = number("a whole number").stripTrailingZeros();
    if (value.scale() > 0 || value.precision() - value.scale() > MOST_DIGITS) {
      throw refused("a whole number");
    }
    return value.toBigIntegerExact();
  }

  double real() {
    if (node.isDouble() || node.isFloat()) {
      return node.doubleValue();
    }
    switch (node.asText().strip().toLowerCase(Locale.ROOT)) {
      case "nan" -> {
        return Double.NaN;
      }
      case "infinity", "inf" -> {
        return Double.POSITIVE_INFINITY;
      }
      case "-infinity", "-inf" -> {
        return Double.NEGATIVE_INFINITY;
      }
      default -> {
        double value = number("a number, \"NaN\", \"Infinity\" or \"-Infinity\"").doubleValue();
        if (Double.isInfinite(value)) {
          throw refused("a number of 64 bits");
        }
        return value;
      }
    }
  }

  float real32() {
    double value = real();
    if (Float.isInfinite((float) value) && !Double.isInfinite(value)) {
      throw refused("a number of 32 bits");
    }
    return (float) value;
  }

  /** Returns the number that the cell has, or as text stands for. */
  private BigDecimal number(String accepted) {
    boolean exact = node.isIntegralNumber() || node.isBigDecimal();
    if (exact || (node.isNumber() && Double.isFinite(node.doubleValue()))) {
      return node.decimalValue();
    }
    if (text && node.textValue().length() <= MOST_CHARACTERS) {
      try {
        return new BigDecimal(node.textValue().strip());
      } catch (NumberFormatException e) {
        throw refused(accepted);
      }
    }
    throw refused(accepted);
  }

  String string() {
    if (node.isValueNode()) {
      return node.asText();
    }
    throw refused("text");
  }

  ByteString binary() {
    if (node.isTextual()) {
      try {
        return ByteString.copyFrom(Base64.getDecoder().decode(node.textValue().strip()));
      } catch (IllegalArgumentException e) {
        throw refused("base64");
      }
    }
    throw refused("base64");
  }

  long datetimeMicros() {
    if (node.isTextual()) {
      try {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant(node.textValue().strip()));
      } catch (DateTimeException | ArithmeticException e) {
        throw refused("ISO 8601, such as 2026-01-31T12:00:00Z");
      }
    }
    throw refused("ISO 8601, such as 2026-01-31T12:00:00Z");
  }

  private static Instant instant(String value) {
    TemporalAccessor parsed =
        DATETIME.parseBest(value, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
    if (parsed instanceof OffsetDateTime time) {
      return time.toInstant();
    }
    return parsed instanceof LocalDateTime time
        ? time.toInstant(ZoneOffset.UTC)
        : ((LocalDate) parsed).atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  /** Returns the value as JSON text. */
  String json() {
    if (!text) {
      return node.toString();
    }
    try {
      return ScoringJson.MAPPER.readTree(node.textValue()).toString();
    } catch (JsonProcessingException e) {
      throw refused("JSON");
    }
  }

  private ScoringException refused(String accepted) {
    String shown = node.toString();
    return new ScoringException(
        "%s must be %s, not %s"
            .formatted(
                where, accepted, shown.length() > 60 ? shown.substring(0, 60) + "…" : shown));
  }
}
