package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertInvalid;

import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteModelAliasRequest;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteModelVersionTagsRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelTagsRequest;
import dev.slipway.registry.v1.FinalizeModelVersionRequest;
import dev.slipway.registry.v1.GetLatestVersionsRequest;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.GetVersionByAliasRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListModelVersionsRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RenameRegisteredModelRequest;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.SearchModelVersionsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetModelVersionTagsRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.UpdateModelVersionRequest;
import dev.slipway.registry.v1.UpdateRegisteredModelRequest;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sends bad input of every kind to every RPC of the main road; all violations must come back at
 * once.
 */
final class RegistryBadInputTest {
  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry();
          });

  @AfterEach
  void close() {
    fixture.close();
  }

  record Bad(String name, Consumer<RegistryServiceBlockingStub> call, List<String> fields) {
    @Override
    public String toString() {
      return name;
    }
  }

  @ParameterizedTest
  @MethodSource
  void badInput_isRefusedWithEveryField(Bad bad) {
    RegistryServiceBlockingStub stub = RegistryServiceGrpc.newBlockingStub(server.channel());

    assertInvalid(() -> bad.call().accept(stub), bad.fields().toArray(String[]::new));
  }

  static Stream<Bad> badInput_isRefusedWithEveryField() {
    Timestamp badTime = Timestamp.newBuilder().setNanos(-1).build();
    return Stream.of(
        bad(
            "create model: everything wrong",
            stub ->
                stub.createRegisteredModel(
                    CreateRegisteredModelRequest.newBuilder()
                        .setName("a/b")
                        .setDescription("x".repeat(65_537))
                        .setDeploymentJobId("y".repeat(257))
                        .putTags("a//b", "")
                        .putTags("ok", "v\0")
                        .putTags("", "v")
                        .setRequestId("not ok")
                        .build()),
            "name",
            "description",
            "deployment_job_id",
            "tags[\"a//b\"]",
            "tags[\"ok\"]",
            "tags[\"\"]",
            "request_id"),
        name("", "create model: no name"),
        name(" ", "create model: blank"),
        name("a:b", "create model: colon"),
        name("..", "create model: dots"),
        name("a\nb", "create model: control"),
        name("x".repeat(257), "create model: long"),
        bad(
            "get model",
            stub -> stub.getRegisteredModel(GetRegisteredModelRequest.getDefaultInstance()),
            "name"),
        bad(
            "delete model",
            stub -> stub.deleteRegisteredModel(DeleteRegisteredModelRequest.getDefaultInstance()),
            "name"),
        bad(
            "rename",
            stub ->
                stub.renameRegisteredModel(
                    RenameRegisteredModelRequest.newBuilder().setNewName("/").build()),
            "name",
            "new_name"),
        bad(
            "update model: no mask",
            stub -> stub.updateRegisteredModel(UpdateRegisteredModelRequest.getDefaultInstance()),
            "registered_model.name",
            "update_mask"),
        bad(
            "update model: bad mask",
            stub ->
                stub.updateRegisteredModel(
                    UpdateRegisteredModelRequest.newBuilder()
                        .setRegisteredModel(
                            RegisteredModel.newBuilder()
                                .setName("m")
                                .setDescription("x".repeat(65_537)))
                        .setUpdateMask(
                            FieldMask.newBuilder().addPaths("description").addPaths("name"))
                        .build()),
            "registered_model.description",
            "update_mask.paths[1]"),
        bad(
            "search models",
            stub ->
                stub.searchRegisteredModels(
                    SearchRegisteredModelsRequest.newBuilder()
                        .setFilter("name ~ 'x'")
                        .addOrderBy("size")
                        .setPageSize(-1)
                        .setPageToken("?")
                        .build()),
            "filter",
            "order_by",
            "page_size",
            "page_token"),
        bad(
            "search versions",
            stub ->
                stub.searchModelVersions(
                    SearchModelVersionsRequest.newBuilder()
                        .setFilter("version_number = 'x'")
                        .addOrderBy("name UP")
                        .build()),
            "filter",
            "order_by"),
        bad(
            "set model tags: none",
            stub -> stub.setRegisteredModelTags(SetRegisteredModelTagsRequest.getDefaultInstance()),
            "name",
            "tags"),
        bad(
            "set model tags: long",
            stub ->
                stub.setRegisteredModelTags(
                    SetRegisteredModelTagsRequest.newBuilder()
                        .setName("m")
                        .putTags("k".repeat(251), "")
                        .putTags("v", "x".repeat(100_001))
                        .setExpectedRevision(-1)
                        .build()),
            "tags[\"" + "k".repeat(251) + "\"]",
            "tags[\"v\"]",
            "expected_revision"),
        bad(
            "delete model tags",
            stub ->
                stub.deleteRegisteredModelTags(
                    DeleteRegisteredModelTagsRequest.newBuilder().addKeys("../x").build()),
            "name",
            "keys[0]"),
        bad(
            "create version: everything wrong",
            stub ->
                stub.createModelVersion(
                    CreateModelVersionRequest.newBuilder()
                        .setSource("mlflow-artifacts:/a/../b")
                        .setRunId("RUN")
                        .setRunLink("javascript:alert(1)")
                        .setDescription("x".repeat(65_537))
                        .putTags("#", "")
                        .setLoggedModelId("x".repeat(257))
                        .setRequestId("x".repeat(65))
                        .build()),
            "name",
            "source",
            "run_id",
            "run_link",
            "description",
            "tags[\"#\"]",
            "logged_model_id",
            "request_id"),
        source("", "create version: no source"),
        source("/etc/passwd", "create version: absolute"),
        source("file:///etc/passwd", "create version: file"),
        source("a/%2e%2e/b", "create version: encoded dots"),
        source("a/%252e%252e/b", "create version: twice encoded dots"),
        source("mlflow-artifacts://host/a", "create version: host"),
        source("mlflow-artifacts:/", "create version: root"),
        source("runs:/x/y", "create version: no run id"),
        source("models:/m/Production", "create version: no number"),
        source("s3://bucket/../x", "create version: dots elsewhere"),
        source("a\\b", "create version: backslash"),
        bad(
            "finalize",
            stub -> stub.finalizeModelVersion(FinalizeModelVersionRequest.getDefaultInstance()),
            "name",
            "version"),
        bad(
            "get version",
            stub ->
                stub.getModelVersion(GetModelVersionRequest.newBuilder().setVersion(-1).build()),
            "name",
            "version"),
        bad(
            "delete version",
            stub -> stub.deleteModelVersion(DeleteModelVersionRequest.getDefaultInstance()),
            "name",
            "version"),
        bad(
            "list versions",
            stub ->
                stub.listModelVersions(
                    ListModelVersionsRequest.newBuilder().setStageValue(9).setPageSize(-1).build()),
            "name",
            "stage",
            "page_size"),
        bad(
            "latest versions",
            stub ->
                stub.getLatestVersions(
                    GetLatestVersionsRequest.newBuilder()
                        .addStages(Stage.STAGE_NONE)
                        .addStages(Stage.STAGE_UNSPECIFIED)
                        .build()),
            "name",
            "stages[1]"),
        bad(
            "update version",
            stub ->
                stub.updateModelVersion(
                    UpdateModelVersionRequest.newBuilder()
                        .setModelVersion(ModelVersion.newBuilder().setRunLink("nowhere"))
                        .setUpdateMask(
                            FieldMask.newBuilder().addPaths("run_link").addPaths("stage"))
                        .build()),
            "model_version.name",
            "model_version.version",
            "model_version.run_link",
            "update_mask.paths[1]"),
        bad(
            "set version tags",
            stub -> stub.setModelVersionTags(SetModelVersionTagsRequest.getDefaultInstance()),
            "name",
            "version",
            "tags"),
        bad(
            "delete version tags",
            stub ->
                stub.deleteModelVersionTags(
                    DeleteModelVersionTagsRequest.newBuilder()
                        .setName("m")
                        .setVersion(1)
                        .addAllKeys(Collections.nCopies(101, "k"))
                        .build()),
            "keys"),
        bad(
            "transition: everything wrong",
            stub ->
                stub.transitionStage(
                    TransitionStageRequest.newBuilder()
                        .setExpectedCurrentStageValue(77)
                        .setForce(true)
                        .setRequireChecks(true)
                        .setComment("x".repeat(2001))
                        .build()),
            "name",
            "version",
            "stage",
            "expected_current_stage",
            "require_checks",
            "comment"),
        bad(
            "transition: archive into Archived",
            stub ->
                stub.transitionStage(
                    TransitionStageRequest.newBuilder()
                        .setName("m")
                        .setVersion(1)
                        .setStage(Stage.STAGE_ARCHIVED)
                        .setArchiveExistingVersions(true)
                        .build()),
            "archive_existing_versions"),
        bad(
            "rollback",
            stub ->
                stub.rollbackStage(
                    RollbackStageRequest.newBuilder()
                        .setStage(Stage.STAGE_ARCHIVED)
                        .setExpectedCurrentVersion(-2)
                        .build()),
            "name",
            "stage",
            "expected_current_version"),
        bad(
            "set alias: reserved",
            stub ->
                stub.setModelAlias(
                    SetModelAliasRequest.newBuilder()
                        .setAlias("Latest")
                        .setProtectedByRole("a b")
                        .build()),
            "name",
            "version",
            "alias",
            "protected_by_role"),
        alias("v12"),
        alias("V12"),
        alias("Latest"),
        alias("a b"),
        alias("x".repeat(256)),
        bad(
            "delete alias",
            stub -> stub.deleteModelAlias(DeleteModelAliasRequest.getDefaultInstance()),
            "name",
            "alias"),
        bad(
            "get by alias",
            stub -> stub.getVersionByAlias(GetVersionByAliasRequest.getDefaultInstance()),
            "name",
            "alias"),
        bad(
            "resolve: no selector",
            stub -> stub.resolveVersion(ResolveVersionRequest.getDefaultInstance()),
            "name",
            "selector"),
        bad(
            "resolve: unspecified stage",
            stub ->
                stub.resolveVersion(
                    ResolveVersionRequest.newBuilder()
                        .setName("m")
                        .setStage(Stage.STAGE_UNSPECIFIED)
                        .build()),
            "stage"),
        bad(
            "resolve: not latest",
            stub ->
                stub.resolveVersion(
                    ResolveVersionRequest.newBuilder().setName("m").setLatest(false).build()),
            "latest"),
        bad(
            "watch",
            stub -> {
              var unused =
                  stub.watchRegistry(
                          WatchRegistryRequest.newBuilder()
                              .setFromRevision(-1)
                              .addAllNames(List.of("ok", "a/b"))
                              .setHeartbeatInterval(Duration.newBuilder().setNanos(1))
                              .build())
                      .next();
            },
            "from_revision",
            "names[1]",
            "heartbeat_interval"),
        bad(
            "activities",
            stub ->
                stub.listActivities(
                    ListActivitiesRequest.newBuilder()
                        .setVersion(1)
                        .setActor("\u00e4")
                        .addTypesValue(0)
                        .addTypesValue(999)
                        .setStartTime(badTime)
                        .setEndTime(badTime)
                        .setPageSize(-1)
                        .build()),
            "name",
            "actor",
            "types[0]",
            "types[1]",
            "start_time",
            "end_time",
            "page_size"));
  }

  private static Bad bad(
      String name, Consumer<RegistryServiceBlockingStub> call, String... fields) {
    return new Bad(name, call, List.of(fields));
  }

  private static Bad name(String name, String what) {
    return bad(
        what,
        stub ->
            stub.createRegisteredModel(
                CreateRegisteredModelRequest.newBuilder().setName(name).build()),
        "name");
  }

  private static Bad source(String source, String what) {
    return bad(
        what,
        stub ->
            stub.createModelVersion(
                CreateModelVersionRequest.newBuilder().setName("m").setSource(source).build()),
        "source");
  }

  private static Bad alias(String alias) {
    return bad(
        "set alias: " + alias,
        stub ->
            stub.setModelAlias(
                SetModelAliasRequest.newBuilder()
                    .setName("m")
                    .setVersion(1)
                    .setAlias(alias)
                    .build()),
        "alias");
  }
}
