package dev.slipway.cli.pipeline;

import dev.slipway.engine.pipeline.TensorSource;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Says where a tensor comes from as people write it: {@code score=scorer.predictions}.
 *
 * @param target what is fed
 * @param source what feeds it
 */
record LinkArgument(String target, TensorSource source) {
  /** Reads it from a command line; the target may hold no {@code =}. */
  static final class Converter implements ITypeConverter<LinkArgument> {
    @Override
    public LinkArgument convert(String text) {
      int equals = text.indexOf('=');
      if (equals < 1) {
        throw new TypeConversionException(
            "'" + text + "' has no = between what is fed and by what");
      }
      try {
        return new LinkArgument(
            text.substring(0, equals), TensorSource.parse(text.substring(equals + 1)));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("'" + text + "': what feeds it " + e.getMessage());
      }
    }
  }
}
