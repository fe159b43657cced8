package dev.slipway.artifact.blob;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Runs the tests of a class only where {@link MinioServer} can be started. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_MINIO_BINARY",
    matches = ".+",
    disabledReason =
        "set SLIPWAY_MINIO_BINARY to a MinIO server; to build one:"
            + " go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c")
public @interface WithMinio {}
