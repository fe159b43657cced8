package dev.slipway.cli.pipeline;

import dev.slipway.engine.pipeline.TensorSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Holds what the command line says of the steps. A mixin of picocli; not thread-safe. */
final class StepArguments {
  @Option(
      names = "--step",
      required = true,
      paramLabel = "NAME=MODEL",
      converter = StepArgument.Converter.class,
      description =
          "A step and the version that it runs, MODEL/VERSION, MODEL@STAGE, MODEL@ALIAS or"
              + " MODEL@latest; it is written by its number and digest. Repeat it, in the order in"
              + " which the steps run.")
  private List<StepArgument> steps = List.of();

  @Option(
      names = "--input",
      paramLabel = "STEP.INPUT=SOURCE",
      converter = LinkArgument.Converter.class,
      description =
          "What feeds an input of a step: inputs.TENSOR for an input of the pipeline, STEP.TENSOR"
              + " for an output of another. Default: the output of the same name of a step before"
              + " it, else the pipeline's input of that name.")
  private List<LinkArgument> inputs = List.of();

  @Option(
      names = "--output",
      paramLabel = "NAME=STEP.TENSOR",
      converter = LinkArgument.Converter.class,
      description =
          "An output of the pipeline. Default: the outputs of the steps that feed no other.")
  private List<LinkArgument> outputs = List.of();

  /** Returns the steps in their order. */
  List<StepArgument> steps() {
    return steps;
  }

  /** Returns the sources that are said of a step's inputs, by the input's name. */
  Map<String, TensorSource> inputsOf(String step) {
    Map<String, TensorSource> said = new LinkedHashMap<>();
    for (LinkArgument link : inputs) {
      if (link.target().startsWith(step + ".")) {
        said.put(link.target().substring(step.length() + 1), link.source());
      }
    }
    return said;
  }

  /** Returns the outputs that are said, by name. */
  Map<String, TensorSource> outputs() {
    Map<String, TensorSource> said = new LinkedHashMap<>();
    outputs.forEach(link -> said.put(link.target(), link.source()));
    return said;
  }

  /** Returns what contradicts itself or means nothing. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    List<String> names = steps.stream().map(StepArgument::name).toList();
    repeated(names).forEach(name -> problems.add("--step " + name + " is given twice"));
    repeated(inputs.stream().map(LinkArgument::target).toList())
        .forEach(target -> problems.add("--input " + target + " is given twice"));
    repeated(outputs.stream().map(LinkArgument::target).toList())
        .forEach(target -> problems.add("--output " + target + " is given twice"));
    for (LinkArgument link : inputs) {
      int dot = link.target().indexOf('.');
      if (dot < 1 || dot == link.target().length() - 1) {
        problems.add("--input " + link.target() + " must be STEP.INPUT=SOURCE");
      } else if (!names.contains(link.target().substring(0, dot))) {
        problems.add(
            "--input "
                + link.target()
                + " is of no step: there are "
                + names.stream().distinct().toList());
      }
    }
    return problems;
  }

  private static List<String> repeated(List<String> names) {
    return names.stream()
        .filter(name -> names.indexOf(name) != names.lastIndexOf(name))
        .distinct()
        .toList();
  }
}
