package io.fairlead.vertex.internal;

import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.aiplatform.v1.PredictionServiceSettings;
import io.fairlead.contract.Tls;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLException;

/** A transport that trusts one certificate, as callers configure it, without a host. */
final class TrustingTransport {
  private TrustingTransport() {}

  static TransportChannelProvider of(Tls tls) {
    return PredictionServiceSettings.defaultGrpcTransportProviderBuilder()
        .setChannelConfigurator(channel -> {
          try {
            return ((NettyChannelBuilder) channel)
                .sslContext(
                    GrpcSslContexts.forClient().trustManager(tls.certificate()).build());
          } catch (SSLException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
          }
        })
        .build();
  }
}
