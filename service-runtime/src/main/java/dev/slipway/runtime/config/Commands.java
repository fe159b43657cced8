package dev.slipway.runtime.config;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.server.StartupException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
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
    return line.setDefaultValueProvider(new EnvironmentTwins(environment))
        .setCaseInsensitiveEnumValuesAllowed(true)
        // @FILE is a value of ours, not a file of arguments.
        .setExpandAtFiles(false)
        .setUsageHelpAutoWidth(true)
        .setExecutionStrategy(Commands::run)
        .setExecutionExceptionHandler((e, failed, result) -> report(e, failed))
        .setParameterExceptionHandler(
            (e, args) -> {
              printProblems(e.getCommandLine(), List.of(String.valueOf(e.getMessage())));
              return CommandLine.ExitCode.USAGE;
            });
  }

  private static int run(ParseResult result) {
    return new CommandLine.RunLast().execute(result);
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
