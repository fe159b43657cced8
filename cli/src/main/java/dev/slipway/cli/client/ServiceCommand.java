package dev.slipway.cli.client;

import com.google.protobuf.MessageOrBuilder;
import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Is what commands share that call the registry in somebody's name: connection, caller, output and
 * failures. Not thread-safe.
 */
public abstract class ServiceCommand implements Callable<Integer> {
  /** The most items that services put into a page. */
  private static final int MAX_PAGE = 1000;

  @Mixin private final ClientOptions services = new ClientOptions();
  @Mixin private final CallerOptions caller = new CallerOptions();
  @Mixin private final JsonOutput json = new JsonOutput();

  @Spec private CommandSpec spec;

  private SlipwayClient client;
  private boolean negative;

  @Override
  public final Integer call() {
    int code =
        InterruptibleWork.run(
            spec.commandLine(),
            () -> {
              try (SlipwayClient connected = services.connect()) {
                client = connected;
                work(caller.identify(connected.registry()));
              }
            });
    return negative ? ExitCode.SOFTWARE : code;
  }

  /**
   * Does the work.
   *
   * @param registry calls in the name of the caller
   */
  protected abstract void work(RegistryServiceBlockingStub registry)
      throws IOException, InterruptedException;

  /** Returns the client of all services, while the command runs. */
  protected final SlipwayClient client() {
    return client;
  }

  /** Returns where answers go. */
  protected final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Returns where remarks go. */
  protected final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Returns whether programs read what is printed. */
  protected final boolean isJson() {
    return json.isWanted();
  }

  /** Prints an answer: as a line of JSON for programs, else as the text for people says it. */
  protected final <M extends MessageOrBuilder> void print(M answer, Consumer<M> text) {
    if (json.isWanted()) {
      JsonOutput.print(out(), answer);
    } else {
      text.accept(answer);
    }
  }

  /**
   * Prints a page of a list: a line of JSON for each item, or all of them as rows of a table.
   *
   * @return how many they are
   */
  protected final <M extends MessageOrBuilder> int printPage(
      TextTable table, List<M> page, BiConsumer<TextTable, M> row) {
    page.forEach(item -> print(item, shown -> row.accept(table, shown)));
    if (!json.isWanted()) {
      table.print();
    }
    return page.size();
  }

  /** Ends the command with exit code 1: it could be carried out, and the answer is no. */
  protected final void answerNo() {
    negative = true;
  }

  /**
   * Reads a list page by page, until it ends or nobody reads what is printed any more.
   *
   * @param read returns the page of a token
   * @param next returns the token of the next page
   */
  protected final <P> void eachPage(
      Function<String, P> read, Function<P, String> next, Consumer<P> show) {
    String token = "";
    do {
      P page = read.apply(token);
      show.accept(page);
      token = next.apply(page);
    } while (!token.isEmpty() && !out().checkError());
  }

  /**
   * Reads the beginning of a list page by page.
   *
   * @param limit items that are wanted; 0 for all
   * @param read returns the page of a token, with no more than so many items
   * @param next returns the token of the next page
   * @param show shows a page and returns how many items it has
   * @return whether there are more than the limit
   */
  protected final <P> boolean beginning(
      long limit,
      BiFunction<String, Integer, P> read,
      Function<P, String> next,
      ToIntFunction<P> show) {
    long left = limit == 0 ? Long.MAX_VALUE : limit;
    String token = "";
    do {
      P page = read.apply(token, (int) Math.min(left, MAX_PAGE));
      left -= show.applyAsInt(page);
      token = next.apply(page);
    } while (!token.isEmpty() && left > 0 && !out().checkError());
    return !token.isEmpty() && left == 0;
  }

  /** Returns the failure of a wrong command line. */
  protected final ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
