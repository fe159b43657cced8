package dev.slipway.runtime.config;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.server.StartupException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Runs picocli commands the way this suite wants them: flags with environment twins, all problems
 * reported together and in one line each, exit code 2 for a wrong command line or setting and 1 for
 * a failure.
 */
public final class Commands {
  private Commands() {}

  /** Returns a command line over a command object and the process's environment. */
  public static CommandLine of(Object command) {
    return of(command, System.getenv());
  }

  /** Returns a command line over a command object and a given environment. */
  public static CommandLine of(Object command, Map<String, String> environment) {
    CommandLine line = new CommandLine(command);
    collectErrors(line);
    return line.setDefaultValueProvider(new EnvironmentTwins(environment))
        .setCaseInsensitiveEnumValuesAllowed(true)
        // @FILE is a value of ours, not a file of arguments.
        .setExpandAtFiles(false)
        .setUsageHelpAutoWidth(true)
        .setExecutionStrategy(Commands::run)
        .setExecutionExceptionHandler((e, failed, result) -> report(e, failed))
        .setParameterExceptionHandler(
            (e, args) -> {
              printProblems(e.getCommandLine(), List.of(describe(e)));
              return CommandLine.ExitCode.USAGE;
            });
  }

  /** Lets parsing go on after a bad argument, so that all of them are told at once. */
  private static void collectErrors(CommandLine line) {
    line.getCommandSpec().parser().collectErrors(true);
    line.getSubcommands().values().forEach(Commands::collectErrors);
  }

  private static int run(ParseResult result) {
    List<String> problems =
        result.asCommandLineList().stream()
            .flatMap(line -> line.getParseResult().errors().stream())
            .map(Commands::describe)
            .distinct()
            .toList();
    Integer help = CommandLine.executeHelpRequest(result);
    if (help != null) {
      return help;
    }
    if (!problems.isEmpty()) {
      List<CommandLine> lines = result.asCommandLineList();
      printProblems(lines.get(lines.size() - 1), problems);
      return CommandLine.ExitCode.USAGE;
    }
    return new CommandLine.RunLast().execute(result);
  }

  /**
   * Says what is wrong in one line, naming the environment twin, as the value may have come from
   * there.
   */
  private static String describe(Exception failure) {
    String message = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    if (failure instanceof ParameterException e
        && e.getArgSpec() instanceof OptionSpec option
        && message.startsWith("Invalid value for option")) {
      String flag = option.longestName();
      return "%s (%s): %s"
          .formatted(
              flag, EnvironmentTwins.variable(flag), message.substring(message.indexOf(": ") + 2));
    }
    return message;
  }

  private static int report(Exception failure, CommandLine line) throws Exception {
    if (failure instanceof ConfigException bad) {
      printProblems(line, bad.problems());
      return CommandLine.ExitCode.USAGE;
    }
    if (failure instanceof StartupException || failure instanceof ServiceException) {
      printProblems(line, List.of(failure.getMessage()));
      return CommandLine.ExitCode.SOFTWARE;
    }
    throw failure;
  }

  private static void printProblems(CommandLine line, List<String> problems) {
    for (String problem : problems) {
      line.getErr().println(line.getColorScheme().errorText("slipway: " + problem));
    }
    line.getErr().flush();
  }
}
