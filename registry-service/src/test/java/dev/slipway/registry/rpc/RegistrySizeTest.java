package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static dev.slipway.registry.rpc.Failures.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListActivitiesResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.registry.v1.SearchModelVersionsRequest;
import dev.slipway.registry.v1.SearchModelVersionsResponse;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsResponse;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetModelVersionTagsRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Context;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Says that the largest models and versions that are allowed fit into messages: those with lists
 * into what every gRPC client accepts, those with one event into what the contract says.
 */
@Timeout(120)
final class RegistrySizeTest {
  private static final int CLIENT_DEFAULT = 4 << 20;
  private static final int EVENT_LIMIT = 16 << 20;
  private static final String DESCRIPTION = "😀".repeat(65_536);

  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.netty(
          CLIENT_DEFAULT,
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry();
          });

  private RegistryServiceBlockingStub stub;
  private RegistryServiceBlockingStub plain;

  @BeforeEach
  void connect() {
    stub = RegistryServiceGrpc.newBlockingStub(server.channel());
    plain = stub.withMaxInboundMessageSize(CLIENT_DEFAULT);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void largestModelsAndVersions_areListedAndWatched() throws Exception {
    fixture.uploadPackage("m");
    for (String name : List.of("a", "b", "c")) {
      var model =
          stub.createRegisteredModel(
              CreateRegisteredModelRequest.newBuilder()
                  .setName(name)
                  .setDescription(DESCRIPTION)
                  .putAllTags(largestTags())
                  .build());
      assertThat(model.getSerializedSize()).isGreaterThan(1_200_000);
    }
    for (int i = 1; i <= 2; i++) {
      var version =
          stub.createModelVersion(
              CreateModelVersionRequest.newBuilder()
                  .setName("a")
                  .setSource("m")
                  .setDescription(DESCRIPTION)
                  .putAllTags(largestTags())
                  .build());
      assertThat(version.getSerializedSize()).isGreaterThan(1_200_000);
    }
    alias(1);
    alias(2);

    assertThat(searchModels()).containsExactly("a", "b", "c");
    assertThat(searchVersions()).containsExactly(2L, 1L);
    assertThat(activities()).containsExactly(7L, 6L, 5L, 4L, 3L, 2L, 1L);
    try (Context.CancellableContext call = Context.current().withCancellation()) {
      Iterator<WatchRegistryResponse> watch =
          call.call(() -> plain.watchRegistry(WatchRegistryRequest.getDefaultInstance()));
      RegistrySnapshot part;
      int things = 0;
      do {
        part = watch.next().getSnapshot();
        things += part.getRegisteredModelsCount() + part.getModelVersionsCount();
      } while (!part.getLast());
      assertThat(things).isEqualTo(5);
    }
    try (Context.CancellableContext call = Context.current().withCancellation()) {
      Iterator<WatchRegistryResponse> watch =
          call.call(
              () ->
                  stub.withMaxInboundMessageSize(EVENT_LIMIT)
                      .watchRegistry(WatchRegistryRequest.newBuilder().setFromRevision(1).build()));
      for (long revision = 2; revision <= 7; revision++) {
        assertThat(watch.next().getEvent().getRevision()).isEqualTo(revision);
      }
    }
  }

  @Test
  void tagsBeyondTheLimit_areRefused_inOneCallAndInMany() {
    var unused =
        stub.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder()
                .setName("a")
                .putAllTags(largestTags())
                .build());

    assertFails(
        () ->
            stub.setRegisteredModelTags(
                SetRegisteredModelTagsRequest.newBuilder()
                    .setName("a")
                    .putTags("more", "x".repeat(100_000))
                    .build()),
        Status.Code.RESOURCE_EXHAUSTED,
        "TOO_MANY_TAGS");
    assertInvalid(
        () ->
            stub.setModelVersionTags(
                SetModelVersionTagsRequest.newBuilder()
                    .setName("a")
                    .setVersion(1)
                    .putAllTags(largestTags())
                    .putTags("more", "x".repeat(100_000))
                    .build()),
        "tags");
  }

  private static Map<String, String> largestTags() {
    Map<String, String> tags = new HashMap<>();
    for (int i = 0; i < 10; i++) {
      tags.put("tag-" + i, "x".repeat(100_000));
    }
    return tags;
  }

  private void alias(long version) {
    var unused =
        stub.setModelAlias(
            SetModelAliasRequest.newBuilder()
                .setName("a")
                .setAlias("champion")
                .setVersion(version)
                .build());
  }

  private List<String> searchModels() {
    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      SearchRegisteredModelsResponse page =
          plain.searchRegisteredModels(
              SearchRegisteredModelsRequest.newBuilder().setPageToken(token).build());
      page.getRegisteredModelsList().forEach(model -> seen.add(model.getName()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return seen;
  }

  private List<Long> searchVersions() {
    List<Long> seen = new ArrayList<>();
    String token = "";
    do {
      SearchModelVersionsResponse page =
          plain.searchModelVersions(
              SearchModelVersionsRequest.newBuilder()
                  .addOrderBy("version_number DESC")
                  .setPageToken(token)
                  .build());
      page.getModelVersionsList().forEach(version -> seen.add(version.getVersion()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return seen;
  }

  private List<Long> activities() {
    List<Long> seen = new ArrayList<>();
    String token = "";
    do {
      ListActivitiesResponse page =
          stub.withMaxInboundMessageSize(EVENT_LIMIT)
              .listActivities(ListActivitiesRequest.newBuilder().setPageToken(token).build());
      page.getEventsList().forEach(event -> seen.add(event.getRevision()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return seen;
  }
}
