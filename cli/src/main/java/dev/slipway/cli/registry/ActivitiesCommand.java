package dev.slipway.cli.registry;

import com.google.protobuf.util.Timestamps;
import dev.slipway.cli.client.Age;
import dev.slipway.cli.client.BackOff;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.Moments;
import dev.slipway.cli.client.OutputFile;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListActivitiesResponse;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.serving.v1.VersionSelector.ChoiceCase;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists what was done to models, and by whom. */
@Command(
    name = "activities",
    mixinStandardHelpOptions = true,
    description = {
      "Lists what was done in the registry and by whom, newest first; with --export all of it goes"
          + " to a file, oldest first, a line of JSON each.",
      "",
      "  slipway models activities digits --since 7d",
      "  slipway models activities digits/3 --by alice",
      "  slipway models activities --export audit.jsonl"
    })
final class ActivitiesCommand extends RegistryCall {
  private static final int PAGE = 1000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "Only about this model, NAME, or this version, NAME/VERSION. Default: all.")
  private ModelSpec model;

  @Option(
      names = "--since",
      paramLabel = "AGE",
      converter = Age.class,
      description = "Only in the last time: a number and s, m, h or d.")
  private Duration since;

  @Option(
      names = "--by",
      paramLabel = "ACTOR",
      defaultValue = "",
      description = "Only what this actor did.")
  private String by;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "Only so many, 0 for all; an export has always all. Default: ${DEFAULT-VALUE}.")
  private long limit;

  @Option(
      names = "--export",
      paramLabel = "FILE",
      description = "Writes to this file, which appears when it is whole and replaces its like.")
  private Path export;

  @Override
  void run(RegistryServiceBlockingStub registry) throws IOException, InterruptedException {
    if (limit < 0) {
      throw usage("--limit (SLIPWAY_LIMIT): 0 or more");
    }
    if (model != null
        && model.namesVersion()
        && model.selector().getChoiceCase() != ChoiceCase.VERSION) {
      throw usage("give NAME or NAME/VERSION: stages and aliases move");
    }
    if (export == null) {
      list(registry);
    } else {
      export(registry);
    }
  }

  private ListActivitiesRequest.Builder request() {
    ListActivitiesRequest.Builder request = ListActivitiesRequest.newBuilder().setActor(by);
    if (model != null) {
      request.setName(model.model()).setVersion(model.selector().getVersion());
    }
    if (since != null) {
      request.setStartTime(Timestamps.fromMillis(System.currentTimeMillis() - since.toMillis()));
    }
    return request;
  }

  private void list(RegistryServiceBlockingStub registry) {
    ListActivitiesRequest.Builder request = request();
    TextTable table = new TextTable(out(), "REVISION", "TIME", "ACTOR", "WHAT");
    boolean more =
        beginning(
            limit,
            (token, size) ->
                registry.listActivities(request.setPageToken(token).setPageSize(size).build()),
            ListActivitiesResponse::getNextPageToken,
            page -> printPage(table, page.getEventsList(), ActivitiesCommand::row));
    if (more) {
      err().println("slipway: there is more: see --limit and --export");
    }
  }

  private static void row(TextTable table, RegistryEvent event) {
    table.row(
        Long.toString(event.getRevision()),
        Moments.exact(event.getTime()),
        event.getActor(),
        EventText.of(event));
  }

  private void export(RegistryServiceBlockingStub registry)
      throws IOException, InterruptedException {
    BackOff backOff = new BackOff(PATIENCE, notice -> err().println("slipway: " + notice));
    ListActivitiesRequest.Builder request = request().setOldestFirst(true).setPageSize(PAGE);
    long events = 0;
    try (OutputFile file = OutputFile.create(export);
        PrintWriter lines =
            new PrintWriter(
                new BufferedWriter(
                    new OutputStreamWriter(file.stream(), StandardCharsets.UTF_8)))) {
      String token;
      do {
        ListActivitiesResponse page = backOff.ask(() -> registry.listActivities(request.build()));
        page.getEventsList().forEach(event -> JsonOutput.print(lines, event));
        if (lines.checkError()) {
          throw new IOException("cannot write " + export);
        }
        events += page.getEventsCount();
        token = page.getNextPageToken();
        request.setPageToken(token);
      } while (!token.isEmpty());
      file.complete();
    }
    err().println(export + ": " + Counts.of(events, "event"));
  }
}
