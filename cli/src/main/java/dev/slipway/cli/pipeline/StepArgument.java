package dev.slipway.cli.pipeline;

import dev.slipway.cli.client.ModelSpec;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Names a step as people write it: {@code embed=encoder/3}.
 *
 * @param name of the step
 * @param version behind it
 */
record StepArgument(String name, ModelSpec version) {
  /** Reads it from a command line. */
  static final class Converter implements ITypeConverter<StepArgument> {
    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9_-]{1,64})=(.+)");

    @Override
    public StepArgument convert(String text) {
      Matcher form = FORM.matcher(text);
      if (!form.matches() || form.group(1).equals("inputs")) {
        throw new TypeConversionException(
            "'"
                + text
                + "' names no step: give NAME=MODEL, the name of 1 to 64 of A-Z a-z 0-9 _ - and not"
                + " inputs");
      }
      return new StepArgument(form.group(1), new ModelSpec.Converter().convert(form.group(2)));
    }
  }
}
