package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static dev.slipway.registry.rpc.Failures.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.ReleaseSnapshotRequest;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelRequest;
import dev.slipway.registry.v1.FinalizeModelVersionRequest;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.GetVersionByAliasRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListModelVersionsRequest;
import dev.slipway.registry.v1.ModelSignature;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RenameRegisteredModelRequest;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.ResolveVersionResponse;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.ScalarType;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsResponse;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.TransitionStageResponse;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class RegistryGrpcServiceTest {
  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry();
          });

  private RegistryServiceBlockingStub stub;

  @BeforeEach
  void connect() {
    stub = RegistryServiceGrpc.newBlockingStub(server.channel());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void createModelVersion_storesSignatureFlavorsAndDigest() {
    model("digits");
    fixture.uploadPackage("1/run/model");

    ModelVersion version = register("digits", "mlflow-artifacts:/1/run/model");

    assertThat(version.getVersion()).isEqualTo(1);
    assertThat(version.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    assertThat(version.getStage()).isEqualTo(Stage.STAGE_NONE);
    assertThat(version.getArtifactPath()).isEqualTo("1/run/model");
    assertThat(version.getRunId()).isEqualTo(RegistryFixture.RUN_ID);
    assertThat(version.getPackageDigest()).matches("[0-9a-f]{64}");
    assertThat(version.getPackageSizeBytes())
        .isEqualTo(RegistryFixture.MODEL_FILE.length() + "1/run/model".length());
    assertThat(version.getFlavorsList())
        .extracting(f -> f.getName())
        .containsExactly("python_function", "xgboost");
    assertThat(version.getFlavors(1).getConfig().getFieldsOrThrow("data").getStringValue())
        .isEqualTo("model.ubj");
    ModelSignature signature = version.getSignature();
    assertThat(signature.getInputs().getColumns().getColumns(0).getType().getScalar())
        .isEqualTo(ScalarType.SCALAR_TYPE_LONG);
    assertThat(signature.getInputs().getColumns().getColumns(1).getRequired()).isFalse();
    assertThat(
            signature
                .getInputs()
                .getColumns()
                .getColumns(1)
                .getType()
                .getArray()
                .getItems()
                .getScalar())
        .isEqualTo(ScalarType.SCALAR_TYPE_DOUBLE);
    assertThat(signature.getOutputs().getTensors().getTensors(0).getDtype()).isEqualTo("float32");
    assertThat(signature.getOutputs().getTensors().getTensors(0).getShapeList())
        .containsExactly(-1L, 10L);
    assertThat(signature.getParams(0).getDefaultValue().getNumberValue()).isEqualTo(0.5);
    assertThat(get("digits", 1)).isEqualTo(version);
  }

  @Test
  void setRegisteredModelTags_forAnOlderRevision_isAborted() {
    model("digits");
    SetRegisteredModelTagsRequest request =
        SetRegisteredModelTagsRequest.newBuilder()
            .setName("digits")
            .putTags("k", "v")
            .setExpectedRevision(modelOf("digits").getRevision())
            .build();

    RegisteredModel tagged = stub.setRegisteredModelTags(request);

    assertThat(tagged.getTagsMap()).containsEntry("k", "v");
    assertFails(
        () -> stub.setRegisteredModelTags(request),
        Status.Code.ABORTED,
        "REGISTERED_MODEL_CHANGED");
  }

  @Test
  void createModelVersion_keepsItsFilesWhenThePathIsDeleted() {
    model("digits");
    fixture.uploadPackage("1/run/model");
    ModelVersion version = register("digits", "1/run/model/");

    var unused =
        ArtifactServiceGrpc.newBlockingStub(fixture.channel())
            .delete(DeleteRequest.newBuilder().setPath("1/run/model").setRecursive(true).build());

    assertThat(version.getSource()).isEqualTo("1/run/model/");
    assertThat(released("registry/registrations/absent")).isZero();
    assertFails(
        () -> register("digits", "1/run/model"),
        Status.Code.FAILED_PRECONDITION,
        "PACKAGE_NOT_FOUND");
    assertThat(get("digits", 1).getPackageDigest()).isEqualTo(version.getPackageDigest());
    assertThat(modelOf("digits").getLastVersion()).isEqualTo(1);
  }

  @Test
  void createModelVersion_fromARun_andFromAnotherVersion() {
    model("digits");
    model("copy");
    fixture.uploadPackage("1/" + RegistryFixture.RUN_ID + "/artifacts/model");

    ModelVersion first = register("digits", "runs:/" + RegistryFixture.RUN_ID + "/model");
    ModelVersion copy = register("copy", "models:/digits/1");

    assertThat(first.getArtifactPath())
        .isEqualTo("1/" + RegistryFixture.RUN_ID + "/artifacts/model");
    assertThat(copy.getPackageDigest()).isEqualTo(first.getPackageDigest());
    assertThat(copy.getRunId()).isEqualTo(RegistryFixture.RUN_ID);
    assertFails(
        () -> register("digits", "runs:/" + "0".repeat(32) + "/model"),
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
    assertFails(
        () -> register("digits", "runs:/" + RegistryFixture.RUN_ELSEWHERE + "/model"),
        Status.Code.FAILED_PRECONDITION,
        "SOURCE_NOT_RESOLVABLE");
    assertFails(
        () -> register("copy", "models:/digits/7"),
        Status.Code.NOT_FOUND,
        "MODEL_VERSION_NOT_FOUND");
    fixture.upload(
        "1/" + RegistryFixture.RUN_ID + "/artifacts/model/new",
        "x".getBytes(StandardCharsets.UTF_8));
    assertFails(
        () -> register("copy", "models:/digits/1"),
        Status.Code.FAILED_PRECONDITION,
        "PACKAGE_CHANGED");
  }

  @Test
  void createModelVersion_brokenPackages_leaveNothingBehind() {
    model("digits");
    fixture.upload("plain/weights", new byte[] {1, 2, 3});
    fixture.upload("broken/MLmodel", "flavors: [".getBytes(StandardCharsets.UTF_8));
    fixture.upload("huge/MLmodel", new byte[(4 << 20) + 1]);

    assertFails(
        () -> register("digits", "plain"), Status.Code.FAILED_PRECONDITION, "MODEL_FILE_MISSING");
    assertFails(
        () -> register("digits", "broken"), Status.Code.FAILED_PRECONDITION, "MODEL_FILE_INVALID");
    assertFails(
        () -> register("digits", "huge"), Status.Code.FAILED_PRECONDITION, "MODEL_FILE_INVALID");
    assertFails(
        () -> register("digits", "s3://bucket/model"),
        Status.Code.FAILED_PRECONDITION,
        "MODEL_FILE_MISSING");
    assertFails(
        () -> register("absent", "plain"), Status.Code.NOT_FOUND, "REGISTERED_MODEL_NOT_FOUND");

    ModelVersion plain =
        stub.createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("digits")
                .setSource("plain")
                .setAllowMissingModelFile(true)
                .build());
    ModelVersion elsewhere =
        stub.createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("digits")
                .setSource("s3://bucket/model")
                .setAllowMissingModelFile(true)
                .build());
    assertThat(plain.getVersion()).isEqualTo(1);
    assertThat(plain.getPackageDigest()).isNotEmpty();
    assertThat(plain.hasSignature()).isFalse();
    assertThat(elsewhere.getVersion()).isEqualTo(2);
    assertThat(elsewhere.getPackageDigest()).isEmpty();
  }

  @Test
  void createModelVersion_withoutTheArtifactService_isUnavailable_andARetryWorksOnce() {
    model("digits");
    fixture.uploadPackage("m");
    CreateModelVersionRequest request =
        CreateModelVersionRequest.newBuilder()
            .setName("digits")
            .setSource("m")
            .setRequestId("try-1")
            .build();

    ModelVersion first = stub.createModelVersion(request);
    fixture.stopUpstream();

    assertThat(stub.createModelVersion(request)).isEqualTo(first);
    assertFails(
        () -> stub.createModelVersion(request.toBuilder().setRequestId("try-2").build()),
        Status.Code.UNAVAILABLE,
        "ARTIFACT_SERVICE_UNAVAILABLE");
    assertFails(
        () -> stub.createModelVersion(request.toBuilder().setSource("n").build()),
        Status.Code.ALREADY_EXISTS,
        "REQUEST_ID_REUSED");
    assertThat(modelOf("digits").getLastVersion()).isEqualTo(1);
  }

  @Test
  void deferredVersion_isFinalizedOnceItsFilesAreThere() {
    model("digits");
    CreateModelVersionRequest deferred =
        CreateModelVersionRequest.newBuilder()
            .setName("digits")
            .setSource("later")
            .setDeferPackage(true)
            .build();
    assertThat(stub.createModelVersion(deferred).getState())
        .isEqualTo(ModelVersionState.MODEL_VERSION_STATE_PENDING);
    fixture.uploadPackage("later");
    FinalizeModelVersionRequest finish =
        FinalizeModelVersionRequest.newBuilder().setName("digits").setVersion(1).build();

    ModelVersion ready = stub.finalizeModelVersion(finish);

    assertThat(ready.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    assertThat(ready.getPackageDigest()).isNotEmpty();
    assertThat(ready.getRunId()).isEqualTo(RegistryFixture.RUN_ID);
    assertThat(stub.finalizeModelVersion(finish)).isEqualTo(ready);
    var unused = stub.createModelVersion(deferred.toBuilder().setSource("never").build());
    ModelVersion failed = stub.finalizeModelVersion(finish.toBuilder().setVersion(2).build());
    assertThat(failed.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_FAILED);
    assertThat(failed.getStateReason()).contains("never");
    assertFails(
        () -> promote("digits", 2, false), Status.Code.FAILED_PRECONDITION, "VERSION_NOT_READY");
  }

  @Test
  void stagesAliasesAndSelectors_resolveToTheSameVersion() {
    model("digits");
    fixture.uploadPackage("m");
    register("digits", "m");
    register("digits", "m");
    assertFails(
        () -> resolve(r -> r.setStage(Stage.STAGE_PRODUCTION)),
        Status.Code.FAILED_PRECONDITION,
        "STAGE_EMPTY");

    TransitionStageResponse first = promote("digits", 1, false);
    StatusRuntimeException occupied =
        assertFails(
            () -> promote("digits", 2, false), Status.Code.FAILED_PRECONDITION, "STAGE_OCCUPIED");
    TransitionStageResponse second = promote("digits", 2, true);

    assertThat(Failures.info(occupied).getMetadataMap()).containsEntry("holder_version", "1");
    assertThat(second.getArchivedVersions(0).getVersion()).isEqualTo(1);
    assertThat(second.getRevision()).isEqualTo(first.getRevision() + 1);
    var set =
        stub.setModelAlias(
            SetModelAliasRequest.newBuilder()
                .setName("digits")
                .setAlias("champion")
                .setVersion(2)
                .build());
    for (ResolveVersionResponse resolved :
        List.of(
            resolve(r -> r.setStage(Stage.STAGE_PRODUCTION)),
            resolve(r -> r.setAlias("champion")),
            resolve(r -> r.setLatest(true)),
            resolve(r -> r.setVersion(2)))) {
      assertThat(resolved.getModelVersion().getVersion()).isEqualTo(2);
      assertThat(resolved.getModelVersion().hasSignature()).isTrue();
      assertThat(resolved.getRevision()).isEqualTo(set.getRevision());
    }
    for (String alias : List.of("production", "1")) {
      var unused =
          stub.setModelAlias(
              SetModelAliasRequest.newBuilder()
                  .setName("digits")
                  .setAlias(alias)
                  .setVersion(2)
                  .build());
      assertThat(resolve(r -> r.setAlias(alias)).getModelVersion().getVersion()).isEqualTo(2);
    }
    assertThat(
            stub.getVersionByAlias(
                    GetVersionByAliasRequest.newBuilder()
                        .setName("digits")
                        .setAlias("LATEST")
                        .build())
                .getVersion())
        .isEqualTo(2);
    assertFails(
        () -> resolve(r -> r.setAlias("nobody")), Status.Code.NOT_FOUND, "MODEL_ALIAS_NOT_FOUND");
    assertFails(
        () -> resolve(r -> r.setVersion(9)), Status.Code.NOT_FOUND, "MODEL_VERSION_NOT_FOUND");
    var back =
        stub.rollbackStage(
            RollbackStageRequest.newBuilder()
                .setName("digits")
                .setStage(Stage.STAGE_PRODUCTION)
                .setExpectedCurrentVersion(2)
                .build());
    assertThat(back.getModelVersion().getVersion()).isEqualTo(1);
    assertFails(
        () ->
            stub.transitionStage(
                TransitionStageRequest.newBuilder()
                    .setName("digits")
                    .setVersion(1)
                    .setStage(Stage.STAGE_STAGING)
                    .setExpectedCurrentStage(Stage.STAGE_NONE)
                    .build()),
        Status.Code.ABORTED,
        "STAGE_CHANGED");
  }

  @Test
  void deletedVersion_releasesItsSnapshot() {
    model("digits");
    fixture.uploadPackage("m");
    register("digits", "m");
    promote("digits", 1, false);
    DeleteModelVersionRequest delete =
        DeleteModelVersionRequest.newBuilder().setName("digits").setVersion(1).build();

    assertFails(
        () -> stub.deleteModelVersion(delete),
        Status.Code.FAILED_PRECONDITION,
        "VERSION_IN_PRODUCTION");
    assertFails(
        () ->
            stub.deleteRegisteredModel(
                DeleteRegisteredModelRequest.newBuilder().setName("digits").build()),
        Status.Code.FAILED_PRECONDITION,
        "MODEL_IN_PRODUCTION");
    var unused = stub.deleteModelVersion(delete.toBuilder().setForce(true).build());

    assertFails(() -> get("digits", 1), Status.Code.NOT_FOUND, "MODEL_VERSION_NOT_FOUND");
    assertThat(register("digits", "m").getVersion()).isEqualTo(2);
    var gone =
        stub.deleteRegisteredModel(
            DeleteRegisteredModelRequest.newBuilder().setName("digits").setForce(true).build());
    assertThat(gone).isNotNull();
    assertFails(() -> modelOf("digits"), Status.Code.NOT_FOUND, "REGISTERED_MODEL_NOT_FOUND");
  }

  @Test
  void actorAndRoles_comeFromHeaders_andShowInTheAudit() {
    RegistryServiceBlockingStub anna = as("anna@example.com", "release, audit");

    RegisteredModel model =
        anna.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder().setName("digits").build());
    fixture.uploadPackage("m");
    register("digits", "m");
    SetModelAliasRequest alias =
        SetModelAliasRequest.newBuilder()
            .setName("digits")
            .setAlias("champion")
            .setVersion(1)
            .setProtectedByRole("release")
            .build();
    assertFails(() -> stub.setModelAlias(alias), Status.Code.PERMISSION_DENIED, "ALIAS_PROTECTED");
    assertThat(anna.setModelAlias(alias).getAlias().getProtectedByRole()).isEqualTo("release");

    assertThat(model.getCreatedBy()).isEqualTo("anna@example.com");
    List<RegistryEvent> events =
        stub.listActivities(
                ListActivitiesRequest.newBuilder().setName("digits").setOldestFirst(true).build())
            .getEventsList();
    assertThat(events)
        .extracting(RegistryEvent::getActor)
        .containsExactly("anna@example.com", "anonymous", "anna@example.com");
    assertThat(events.get(1).getAfter().getModelVersion().hasSignature()).isFalse();
    assertThat(events.get(1).getAfter().getModelVersion().getFlavors(0).hasConfig()).isFalse();
    // Empty roles are no roles, not bad ones.
    assertFails(() -> get(as("anna", "")), Status.Code.NOT_FOUND, "REGISTERED_MODEL_NOT_FOUND");
    assertInvalid(() -> get(as("\u0007", null)), "metadata.slipway-actor");
    assertInvalid(
        () -> get(as("x".repeat(129), "a b")), "metadata.slipway-actor", "metadata.slipway-roles");
  }

  @Test
  void rename_isSeenByEveryRead() {
    model("digits");
    fixture.uploadPackage("m");
    register("digits", "m");
    promote("digits", 1, false);

    RegisteredModel renamed =
        stub.renameRegisteredModel(
            RenameRegisteredModelRequest.newBuilder()
                .setName("digits")
                .setNewName("ziffern")
                .build());

    assertThat(renamed.getName()).isEqualTo("ziffern");
    assertThat(get("ziffern", 1).getStage()).isEqualTo(Stage.STAGE_PRODUCTION);
    model("digits");
    fixture.uploadPackage("n");
    assertThat(register("digits", "n").getVersion()).isEqualTo(1);
    assertThat(
            stub.listActivities(ListActivitiesRequest.newBuilder().setName("ziffern").build())
                .getEventsCount())
        .isEqualTo(4);
  }

  @Test
  void pages_continueWithTheSameQueryOnly() {
    for (String name : List.of("a", "b", "c")) {
      model(name);
    }
    SearchRegisteredModelsRequest request =
        SearchRegisteredModelsRequest.newBuilder().setPageSize(2).build();

    SearchRegisteredModelsResponse first = stub.searchRegisteredModels(request);
    SearchRegisteredModelsResponse second =
        stub.searchRegisteredModels(
            request.toBuilder().setPageToken(first.getNextPageToken()).build());

    assertThat(first.getRegisteredModelsList())
        .extracting(RegisteredModel::getName)
        .containsExactly("a", "b");
    assertThat(second.getRegisteredModelsList())
        .extracting(RegisteredModel::getName)
        .containsExactly("c");
    assertThat(second.getNextPageToken()).isEmpty();
    assertInvalid(
        () ->
            stub.searchRegisteredModels(
                request.toBuilder()
                    .setFilter("name != 'x'")
                    .setPageToken(first.getNextPageToken())
                    .build()),
        "page_token");
    assertInvalid(
        () ->
            stub.listModelVersions(
                ListModelVersionsRequest.newBuilder()
                    .setName("a")
                    .setPageSize(-1)
                    .setPageToken("?")
                    .build()),
        "page_size",
        "page_token");
  }

  @Test
  void concurrentRegistrations_getDistinctNumbers() throws Exception {
    model("digits");
    fixture.uploadPackage("m");
    List<Callable<Long>> tasks = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      tasks.add(() -> register("digits", "m").getVersion());
    }
    ExecutorService pool = Executors.newFixedThreadPool(8);
    List<Long> numbers = new ArrayList<>();
    try {
      for (Future<Long> number : pool.invokeAll(tasks)) {
        numbers.add(number.get());
      }
    } finally {
      pool.shutdownNow();
    }

    assertThat(numbers).doesNotHaveDuplicates().hasSize(16).allMatch(n -> n >= 1 && n <= 16);
  }

  private void model(String name) {
    var unused =
        stub.createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName(name).build());
  }

  private RegisteredModel modelOf(String name) {
    return stub.getRegisteredModel(GetRegisteredModelRequest.newBuilder().setName(name).build());
  }

  private ModelVersion register(String name, String source) {
    return stub.createModelVersion(
        CreateModelVersionRequest.newBuilder().setName(name).setSource(source).build());
  }

  private ModelVersion get(String name, long version) {
    return stub.getModelVersion(
        GetModelVersionRequest.newBuilder().setName(name).setVersion(version).build());
  }

  private static RegisteredModel get(RegistryServiceBlockingStub stub) {
    return stub.getRegisteredModel(GetRegisteredModelRequest.newBuilder().setName("x").build());
  }

  private TransitionStageResponse promote(String name, long version, boolean archive) {
    return stub.transitionStage(
        TransitionStageRequest.newBuilder()
            .setName(name)
            .setVersion(version)
            .setStage(Stage.STAGE_PRODUCTION)
            .setArchiveExistingVersions(archive)
            .build());
  }

  private ResolveVersionResponse resolve(
      java.util.function.UnaryOperator<ResolveVersionRequest.Builder> selector) {
    return stub.resolveVersion(
        selector.apply(ResolveVersionRequest.newBuilder().setName("digits")).build());
  }

  private int released(String holder) {
    return ArtifactServiceGrpc.newBlockingStub(fixture.channel())
        .releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder(holder).build())
        .getReleasedCount();
  }

  private RegistryServiceBlockingStub as(String actor, String roles) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER), actor);
    if (roles != null) {
      headers.put(Metadata.Key.of("slipway-roles", Metadata.ASCII_STRING_MARSHALLER), roles);
    }
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }
}
