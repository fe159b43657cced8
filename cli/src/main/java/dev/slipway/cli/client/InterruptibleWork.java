package dev.slipway.cli.client;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;

/** Does the work of a command that may be told to stop, and says why when it fails. */
public final class InterruptibleWork {
  private InterruptibleWork() {}

  /** Is work that cleans up after itself when it is interrupted. */
  public interface Work {
    /** Does it. */
    void run() throws IOException, InterruptedException;
  }

  /** Does the work and returns the command's exit code; a process that stops waits for it. */
  public static int run(CommandLine command, Work work) {
    PrintWriter err = command.getErr();
    InterruptAtExit stop = InterruptAtExit.listen();
    try {
      work.run();
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(err, e);
    } catch (IOException e) {
      Failures.print(err, e);
    } catch (UncheckedIOException e) {
      Failures.print(err, e.getCause());
    } catch (InterruptedException e) {
      Failures.printInterrupted(err);
    } finally {
      // First: a process that stops ends as soon as it is told that the work has.
      command.getOut().flush();
      stop.end();
    }
    return 1;
  }
}
