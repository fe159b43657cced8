package dev.slipway.cli.client;

import dev.slipway.runtime.config.ConfigProblems;
import io.grpc.Metadata;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/**
 * Says in whose name the registry is called, and with which roles. A mixin of picocli; not
 * thread-safe.
 */
public final class CallerOptions {
  private static final Metadata.Key<String> ACTOR =
      Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> ROLES =
      Metadata.Key.of("slipway-roles", Metadata.ASCII_STRING_MARSHALLER);

  /** What a header can carry; what the registry takes of it, the registry says. */
  private static final Pattern PRINTABLE = Pattern.compile("[ -~]*");

  @Option(
      names = "--actor",
      paramLabel = "NAME",
      description = "In whose name, for the audit. Default: the name of the user.")
  private String actor = userName();

  @Option(
      names = "--roles",
      paramLabel = "ROLE,...",
      defaultValue = "",
      description = "Roles of the actor. A proxy that authenticates sets its own.")
  private String roles;

  /**
   * Returns the stub with the headers of the caller.
   *
   * @throws dev.slipway.runtime.config.ConfigException if a header cannot carry them
   */
  public <S extends AbstractStub<S>> S identify(S stub) {
    ConfigProblems problems = new ConfigProblems();
    Metadata headers = new Metadata();
    put(headers, ACTOR, "--actor", actor, problems);
    put(headers, ROLES, "--roles", roles, problems);
    problems.throwIfAny();
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static void put(
      Metadata headers,
      Metadata.Key<String> header,
      String flag,
      String text,
      ConfigProblems problems) {
    if (!PRINTABLE.matcher(text).matches()) {
      problems.add(flag, "must be printable ASCII characters");
    } else if (!text.isBlank()) {
      headers.put(header, text);
    }
  }

  /** Returns the name of the user, or nothing where no header can carry it. */
  private static String userName() {
    String name = System.getProperty("user.name", "");
    return PRINTABLE.matcher(name).matches() ? name : "";
  }
}
