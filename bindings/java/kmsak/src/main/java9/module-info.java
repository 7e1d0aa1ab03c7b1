/** Managed Alibaba Cloud AccessKeys for applications. */
module io.kmsak {
  requires java.logging;
  requires static org.slf4j;

  exports io.kmsak;
}
