package io.fairlead.azureml.standin;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.extension.ResponseDefinitionTransformerV2;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.http.HttpHeader;
import com.github.tomakehurst.wiremock.http.HttpHeaders;
import com.github.tomakehurst.wiremock.http.Request;
import com.github.tomakehurst.wiremock.http.ResponseDefinition;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import io.fairlead.contract.VirtualTime;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Azure Resource Manager, Azure Monitor's autoscale settings, Blob Storage and the hosts of online endpoints, on one port
 * of 127.0.0.1, once in a JVM, and for clients that need no wire.
 *
 * <p>Which workspace is asked it reads from the subscription or the storage account in the path. Tokens and signatures
 * are not verified.
 */
public final class StandIn {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Map<String, Workspace> BY_SUBSCRIPTION = new ConcurrentHashMap<>();
  private static final Map<String, Workspace> BY_ACCOUNT = new ConcurrentHashMap<>();

  private StandIn() {}

  private static final class Server {
    static final WireMockServer INSTANCE = start();
    static final URI ADDRESS = URI.create("http://127.0.0.1:" + INSTANCE.port());

    private static WireMockServer start() {
      WireMockServer server = new WireMockServer(options()
          .bindAddress("127.0.0.1")
          .dynamicPort()
          .jettyAcceptors(1)
          .containerThreads(24)
          .disableRequestJournal()
          .stubRequestLoggingDisabled(true)
          .gzipDisabled(true)
          .extensions(new Dispatcher()));
      server.start();
      server.stubFor(any(anyUrl()).willReturn(ok()));
      return server;
    }
  }

  /** {@return where all the services answer} */
  public static URI endpoint() {
    return Server.ADDRESS;
  }

  /** {@return an empty workspace in a subscription and a region of its own} */
  public static Workspace workspace(VirtualTime time) {
    return workspace(time, new Region());
  }

  static Workspace workspace(VirtualTime time, Region region) {
    Workspace workspace = new Workspace(COUNT.incrementAndGet(), time, region);
    BY_SUBSCRIPTION.put(workspace.subscription(), workspace);
    BY_ACCOUNT.put(workspace.account(), workspace);
    return workspace;
  }

  static void remove(Workspace workspace) {
    BY_SUBSCRIPTION.remove(workspace.subscription(), workspace);
    BY_ACCOUNT.remove(workspace.account(), workspace);
  }

  private static @Nullable Workspace workspace(Target target) {
    return target.service() == Target.Service.BLOBS
        ? BY_ACCOUNT.get(target.owner())
        : BY_SUBSCRIPTION.get(target.owner());
  }

  private static Answer answer(Call call) {
    Workspace workspace = workspace(call.target());
    if (workspace == null) {
      return AzureError.of(
              404,
              "SubscriptionNotFound",
              "The subscription '" + call.target().owner() + "' could not be found.")
          .arm();
    }
    PollWatch watch = workspace.wireWatch();
    watch.asks(call);
    Answer answer = workspace.answer(call);
    watch.hears(call, answer);
    return answer;
  }

  private static final class Dispatcher implements ResponseDefinitionTransformerV2 {
    @Override
    public String getName() {
      return "azure";
    }

    @Override
    public ResponseDefinition transform(ServeEvent event) {
      Answer answer = answer(received(event.getRequest()));
      if (answer.held() != null) {
        answer.held().hold();
      }
      List<HttpHeader> headers = new ArrayList<>();
      answer.headers().forEach((name, value) -> headers.add(new HttpHeader(name, value)));
      ResponseDefinitionBuilder response = ResponseDefinitionBuilder.responseDefinition()
          .withStatus(answer.status())
          .withHeaders(new HttpHeaders(headers))
          .withBody(answer.body());
      return (answer.isBroken() ? response.withFault(Fault.MALFORMED_RESPONSE_CHUNK) : response)
          .build();
    }

    private static Call received(Request request) {
      Map<String, String> headers = new HashMap<>();
      for (HttpHeader header : request.getHeaders().all()) {
        headers.put(header.key(), header.firstValue());
      }
      byte[] body = request.getBody();
      return new Call(
          request.getMethod().value(),
          endpoint() + request.getUrl(),
          headers,
          body == null ? new byte[0] : body);
    }
  }
}
