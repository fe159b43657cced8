package dev.slipway.benchmarks;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads shapes for picocli. */
final class ShapeConverter implements ITypeConverter<Shape> {
  @Override
  public Shape convert(String text) {
    try {
      return Shape.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("'" + text + "' must be STREAMSxPOINTS, such as 16x100");
    }
  }
}
