package com.aliyuncs.kms.secretsmanager.client.model;

import java.io.Serializable;
import java.util.Objects;

/** A gateway of KMS. Mutable; not safe to share between threads while it is changed. */
public class RegionInfo implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The region, such as {@code cn-hangzhou}. */
  private String regionId;

  /** Whether the gateway is reached inside a VPC. */
  private boolean vpc;

  /** The gateway's address; null for the usual one. */
  private String endpoint;

  /** 0 for the shared gateway, 1 for that of an instance. */
  private int kmsType;

  /** With nothing set. */
  public RegionInfo() {}

  /**
   * With some of it.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   */
  public RegionInfo(String regionId) {
    this.regionId = regionId;
  }

  /**
   * With some of it.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   * @param vpc whether the gateway is reached inside a VPC
   */
  public RegionInfo(String regionId, boolean vpc) {
    this.regionId = regionId;
    this.vpc = vpc;
  }

  /**
   * With some of it.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   * @param endpoint the gateway's address; null for the usual one
   */
  public RegionInfo(String regionId, String endpoint) {
    this.regionId = regionId;
    this.endpoint = endpoint;
  }

  /**
   * With some of it.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   * @param vpc whether the gateway is reached inside a VPC
   * @param endpoint the gateway's address; null for the usual one
   */
  public RegionInfo(String regionId, boolean vpc, String endpoint) {
    this.regionId = regionId;
    this.vpc = vpc;
    this.endpoint = endpoint;
  }

  /**
   * With everything.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   * @param vpc whether the gateway is reached inside a VPC
   * @param endpoint the gateway's address; null for the usual one
   * @param kmsType 0 for the shared gateway, 1 for that of an instance
   */
  public RegionInfo(String regionId, boolean vpc, String endpoint, int kmsType) {
    this.regionId = regionId;
    this.vpc = vpc;
    this.endpoint = endpoint;
    this.kmsType = kmsType;
  }

  /**
   * The region, such as {@code cn-hangzhou}.
   *
   * @return the region, such as {@code cn-hangzhou}
   */
  public String getRegionId() {
    return regionId;
  }

  /**
   * Sets the region, such as {@code cn-hangzhou}.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   */
  public void setRegionId(String regionId) {
    this.regionId = regionId;
  }

  /**
   * Whether the gateway is reached inside a VPC.
   *
   * @return whether the gateway is reached inside a VPC
   */
  public boolean getVpc() {
    return vpc;
  }

  /**
   * Sets whether the gateway is reached inside a VPC.
   *
   * @param vpc whether the gateway is reached inside a VPC
   */
  public void setVpc(boolean vpc) {
    this.vpc = vpc;
  }

  /**
   * The gateway's address; null for the usual one.
   *
   * @return the gateway's address; null for the usual one
   */
  public String getEndpoint() {
    return endpoint;
  }

  /**
   * Sets the gateway's address; null for the usual one.
   *
   * @param endpoint the gateway's address; null for the usual one
   */
  public void setEndpoint(String endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * 0 for the shared gateway, 1 for that of an instance.
   *
   * @return 0 for the shared gateway, 1 for that of an instance
   */
  public int getKmsType() {
    return kmsType;
  }

  /**
   * Sets 0 for the shared gateway, 1 for that of an instance.
   *
   * @param kmsType 0 for the shared gateway, 1 for that of an instance
   */
  public void setKmsType(int kmsType) {
    this.kmsType = kmsType;
  }


  /** The same endpoint, or else the same region reached the same way. */
  @Override
  public boolean equals(Object other) {
    if (other == null || getClass() != other.getClass()) {
      return false;
    }
    RegionInfo that = (RegionInfo) other;
    return endpoint != null && that.endpoint != null
        ? endpoint.equals(that.endpoint)
        : vpc == that.vpc && Objects.equals(regionId, that.regionId);
  }

  @Override
  public int hashCode() {
    return endpoint == null || endpoint.isEmpty() ? Objects.hash(regionId, vpc) : Objects.hash(endpoint);
  }

  @Override
  public String toString() {
    return "RegionInfo{regionId=" + regionId + ", vpc=" + vpc + ", endpoint=" + endpoint + ", kmsType=" + kmsType + "}";
  }
}
