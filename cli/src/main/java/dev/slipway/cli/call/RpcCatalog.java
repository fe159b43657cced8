package dev.slipway.cli.call;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoServiceDescriptorSupplier;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Knows every RPC of the suite by name. */
final class RpcCatalog {
  private RpcCatalog() {}

  /** Returns a line for every RPC. */
  static List<String> list() {
    return methods()
        .map(
            rpc ->
                rpc.getService().getFullName()
                    + "/"
                    + rpc.getName()
                    + (rpc.isClientStreaming()
                        ? "  (stream of requests: needs a client library)"
                        : ""))
        .toList();
  }

  /** Finds an RPC by {@code Service/Method}, the service with or without its package. */
  static Optional<MethodDescriptor> find(String name) {
    return methods()
        .filter(
            rpc ->
                name.equals(rpc.getService().getFullName() + "/" + rpc.getName())
                    || name.equals(rpc.getService().getName() + "/" + rpc.getName()))
        .findFirst();
  }

  private static Stream<MethodDescriptor> methods() {
    return Stream.of(
            TrackingServiceGrpc.getServiceDescriptor(),
            RegistryServiceGrpc.getServiceDescriptor(),
            ArtifactServiceGrpc.getServiceDescriptor(),
            AssetServiceGrpc.getServiceDescriptor(),
            ServingServiceGrpc.getServiceDescriptor(),
            GRPCInferenceServiceGrpc.getServiceDescriptor(),
            HealthGrpc.getServiceDescriptor())
        .map(
            service ->
                ((ProtoServiceDescriptorSupplier) service.getSchemaDescriptor())
                    .getServiceDescriptor())
        .map(ServiceDescriptor::getMethods)
        .flatMap(List::stream);
  }
}
