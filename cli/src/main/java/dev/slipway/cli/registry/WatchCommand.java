package dev.slipway.cli.registry;

import dev.slipway.cli.client.BackOff;
import dev.slipway.cli.client.Moments;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListActivitiesResponse;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows changes of the registry as they happen. */
@Command(
    name = "watch",
    mixinStandardHelpOptions = true,
    description = {
      "Shows changes of the registry as they happen, until it is told to stop: revision, time,"
          + " actor and what was changed. When the server is away it waits, and goes on after the"
          + " last change that it has shown: none is lost, none is shown twice.",
      "",
      "  slipway models watch",
      "  slipway models watch digits faces --json",
      "  slipway models watch digits --limit 1             waits for the next change"
    })
final class WatchCommand extends RegistryCall {
  @Parameters(
      index = "0..*",
      paramLabel = "NAME",
      description = "Only changes of these models. Default: of all.")
  private List<String> names = List.of();

  @Option(
      names = "--after",
      paramLabel = "REVISION",
      description = "Shows all changes after this revision first. Default: those from now on.")
  private Long after;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "Ends after so many changes. Default: never.")
  private long limit;

  @Option(
      names = "--retry-seconds",
      paramLabel = "N",
      defaultValue = "600",
      description = "How long a server may be away. Default: ${DEFAULT-VALUE}.")
  private long retrySeconds;

  private long revision;
  private long shown;

  @Override
  void run(RegistryServiceBlockingStub registry) throws InterruptedException {
    if ((after != null && after < 1) || limit < 0 || retrySeconds < 0) {
      throw usage("--after must be 1 or more, --limit and --retry-seconds 0 or more");
    }
    revision = after == null ? present(registry) : after;
    BackOff backOff =
        new BackOff(
            Duration.ofSeconds(retrySeconds),
            notice -> {
              err().println("slipway: " + notice);
              err().flush();
            });
    while (isWanted()) {
      try (CancellableContext call = Context.current().withCancellation()) {
        Context previous = call.attach();
        try {
          follow(registry, backOff);
        } finally {
          call.detach(previous);
        }
      } catch (StatusRuntimeException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        backOff.pause(e);
      }
    }
  }

  /** Returns the revision after which nothing has happened yet, 0 for an empty registry. */
  private static long present(RegistryServiceBlockingStub registry) {
    return registry
        .listActivities(ListActivitiesRequest.newBuilder().setPageSize(1).build())
        .getEventsList()
        .stream()
        .mapToLong(RegistryEvent::getRevision)
        .findFirst()
        .orElse(0);
  }

  private void follow(RegistryServiceBlockingStub registry, BackOff backOff) {
    Iterator<WatchRegistryResponse> messages =
        registry.watchRegistry(
            WatchRegistryRequest.newBuilder().setFromRevision(revision).addAllNames(names).build());
    while (isWanted() && messages.hasNext()) {
      WatchRegistryResponse message = messages.next();
      backOff.answered();
      switch (message.getMessageCase()) {
        case EVENT -> show(message.getEvent());
        case HEARTBEAT -> revision = message.getHeartbeat().getRevision();
        case SNAPSHOT -> catchUp(registry, message.getSnapshot().getRevision());
        case MESSAGE_NOT_SET -> {}
      }
    }
  }

  /**
   * Shows what has happened before a watch of a registry that was empty: a watch that has seen no
   * revision begins with how things are, not with how they came to be.
   */
  private void catchUp(RegistryServiceBlockingStub registry, long last) {
    ListActivitiesRequest.Builder request = ListActivitiesRequest.newBuilder().setOldestFirst(true);
    while (revision < last && isWanted()) {
      ListActivitiesResponse page = registry.listActivities(request.build());
      for (RegistryEvent event : page.getEventsList()) {
        if (event.getRevision() > revision && event.getRevision() <= last && isWanted()) {
          if (isOfNames(event)) {
            show(event);
          }
          revision = event.getRevision();
        }
      }
      request.setPageToken(page.getNextPageToken());
    }
  }

  private boolean isOfNames(RegistryEvent event) {
    return names.isEmpty()
        || names.contains(event.getName())
        || names.contains(event.getBefore().getRegisteredModel().getName());
  }

  private void show(RegistryEvent event) {
    print(event, this::tell);
    out().flush();
    revision = event.getRevision();
    shown++;
  }

  private boolean isWanted() {
    return (limit == 0 || shown < limit) && !out().checkError();
  }

  private void tell(RegistryEvent event) {
    out()
        .printf(
            "%8d  %s  %s  %s%n",
            event.getRevision(),
            Moments.exact(event.getTime()),
            event.getActor(),
            EventText.of(event));
  }
}
